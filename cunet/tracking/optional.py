"""Tracking is optional: work continues while MLflow does not answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cunet.errors import UserError, first_line
from cunet.names import readable


@contextmanager
def optional() -> Iterator[None]:
    """Log to MLflow in the block; a failure ends the block with a warning."""
    try:
        yield
    except Exception as error:  # of MLflow, or of the library of any database or artifact store
        warn(error)


@contextmanager
def required() -> Iterator[None]:
    """Log to MLflow in the block.

    Raises:
        UserError: MLflow fails.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"MLflow: {_reason(error)}") from None


def warn(error: Exception) -> None:
    """Say on one line why logging failed, and how to log the rest later."""
    text = f"warning: MLflow: {_reason(error)}. Work continues; run cunet log later for what is missing."
    print(readable(text), file=sys.stderr)


def _reason(error: Exception) -> str:
    return first_line(error, 300).removeprefix("MLflow: ").rstrip(".")
