"""Waveforms and spectrograms as arrays: sample rates, channels, and the Fourier transform between the two."""
