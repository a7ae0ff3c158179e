"""Side-by-side measurements, run by hand: `make bench`; README.md here holds the last run."""
