"""Trained networks as they are kept, their masks of a track, and estimates from masks."""
