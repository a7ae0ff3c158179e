"""Condition sets, their tables and names, and the path between two instruments."""
