"""Masks of a track from trained networks, and what a mixture becomes under them."""
