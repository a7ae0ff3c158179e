"""Batches of patches, the fit, and what it takes to continue a killed training."""
