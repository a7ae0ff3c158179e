"""Excerpts of test tracks as sound: the estimates of every architecture, and the path of the condition."""
