"""`python -m cunet`, for use without `cunet` on the PATH."""

from cunet.cli import main

main()
