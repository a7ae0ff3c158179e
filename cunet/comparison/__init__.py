"""What the scores of all architectures say side by side: tables, intervals, tests, published figures, costs."""
