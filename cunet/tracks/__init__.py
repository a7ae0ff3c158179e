"""Tracks in the workspace, from any data set."""
