"""Scripts of the DVC stages, one per stage."""
