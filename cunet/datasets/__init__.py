"""Where tracks come from: one module a kind of data set, all named in the registry."""
