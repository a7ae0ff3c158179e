"""The comparison of all scores: tables, published figures beside them, plots and examples."""
