"""Tracking is optional: work continues while MLflow does not answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cunet.errors import UserError
from cunet.names import readable

# Of MLflow itself; of connections and files; of the database; of `cunet.store.connect`.
FAILURES = (MlflowException, OSError, SQLAlchemyError, UserError)


@contextmanager
def optional() -> Iterator[None]:
    """Log to MLflow in the block; a failure ends the block with a warning."""
    try:
        yield
    except FAILURES as error:
        warn(error)


def warn(error: Exception) -> None:
    """Say on one line why logging failed, and how to log the rest later."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300].removeprefix("MLflow: ").rstrip(".")
    print(
        readable(f"warning: MLflow: {reason}. Work continues; run cunet log later for what is missing."),
        file=sys.stderr,
    )
