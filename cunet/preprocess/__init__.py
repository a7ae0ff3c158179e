"""Spectrogram files from audio, and index tables of patches from spectrogram files."""
