"""Excerpts of test tracks to hear and to see: the estimates of every architecture, and the path of the condition."""
