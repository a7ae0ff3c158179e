"""`python -m cunet`, where `cunet` is not on the path."""

from cunet.cli import main

main()
