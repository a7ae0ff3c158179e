"""Conditions: weights of the instruments, as sets and tables, by name, and on the path between two instruments."""
