"""`python -m cunet.cli`, where `cunet` is not on the path."""

from cunet.cli import main

main()
