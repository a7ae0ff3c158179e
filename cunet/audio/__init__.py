"""Audio files of any format and length, read whole or in pieces, and the defects of damaged ones."""
