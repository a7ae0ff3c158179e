"""Tracks in the workspace, of any data set."""
