"""One short script a DVC stage: read params.yaml, call the library, write the outputs named in dvc.yaml."""
