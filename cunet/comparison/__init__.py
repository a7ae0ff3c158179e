"""Comparison of all architectures: tables, intervals, tests, published figures, costs."""
