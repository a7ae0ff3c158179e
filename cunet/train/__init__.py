"""Batches of patches, losses, training, and checkpoints."""
