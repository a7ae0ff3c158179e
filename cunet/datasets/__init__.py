"""Where tracks come from: one module per kind of data set, all named in `cunet.registry`."""
