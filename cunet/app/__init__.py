"""A page to separate songs on, for the machine that it runs on."""
