"""Everything that can be extended, one file per kind: one line per implementation (docs/guides/extending.md)."""
