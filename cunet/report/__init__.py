"""The documents made of a comparison: tables, page, plots, and the page to listen to."""
