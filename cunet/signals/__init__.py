"""Waveforms and spectrograms as arrays: sample rates, channels, and the short-time Fourier transform."""
