"""A web page that separates songs, for use on the same machine."""
