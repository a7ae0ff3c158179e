"""Separation and scoring of the test tracks: BSS Eval by protocol, and the bounds."""
