"""Audio to spectrogram files, and spectrogram files to index tables of patches."""
