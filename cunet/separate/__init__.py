"""Separation of songs with a trained model."""
