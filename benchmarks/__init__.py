"""Side-by-side measurements, run by hand: `make bench`; README.md in this folder has the last results."""
