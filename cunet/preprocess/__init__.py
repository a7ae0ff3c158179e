"""Audio to complex spectrogram files, and these to indexes of patches and conditions."""
