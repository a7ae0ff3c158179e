"""Files of trained networks, their masks for a track, and estimates from masks."""
