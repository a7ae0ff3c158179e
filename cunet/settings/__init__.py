"""The sections of `params.yaml`, each strict about its keys: a file for every kind of stage that is given them."""
