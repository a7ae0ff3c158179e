"""Separation and scores of the test tracks: BSS Eval by protocol, and the bounds."""
