"""Everything that can be added, one file per kind: a line leads to the implementation (docs/guides/extending.md)."""
