"""The sections of `params.yaml`, one file per package that uses them."""
