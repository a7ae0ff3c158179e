"""Tracks as they lie in the workspace, whatever data set they come from."""
