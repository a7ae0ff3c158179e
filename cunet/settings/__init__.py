"""The sections of `params.yaml`, strict about their keys: one file per room that uses them."""
