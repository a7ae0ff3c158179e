"""Conditions: what a network is told to isolate, as tables, by name, and on the path between two instruments."""
