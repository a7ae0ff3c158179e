"""Batches of patches, losses, the fit, and the checkpoints of a killed training."""
