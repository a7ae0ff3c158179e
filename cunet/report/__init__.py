"""The documents of a comparison: tables, report page, plots, and listening page."""
