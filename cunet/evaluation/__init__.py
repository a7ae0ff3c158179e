"""Masks, oracles, scores by a protocol, and pictures and sound of examples."""
