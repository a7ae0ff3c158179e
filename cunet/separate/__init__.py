"""Separating anyone's music with a trained model."""
