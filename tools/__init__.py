"""For people who work on this project."""
