"""Separation, oracles, museval scores, and the tables and pictures that compare them."""
