"""Audio excerpts of test tracks: the estimates of every architecture, and the path of the condition."""
