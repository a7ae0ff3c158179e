"""Sources of tracks: one module per kind of data set, all listed in `cunet.registry`."""
