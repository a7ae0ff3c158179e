"""Extras: packages that separation does without, such as Keras in `cunet[train]`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cunet.errors import UserError

BACKENDS = {"jax", "torch"}  # of Keras; KERAS_BACKEND chooses them, and no extra brings them


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import packages of an extra in the block.

    Raises:
        UserError: one is not installed.

    Examples:
        >>> with needs("app"):
        ...     import no_such_package  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        cunet.errors.UserError: no_such_package is not installed. Run ...python... -m pip install '.[app]' in ...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in BACKENDS or package == __package__:
            raise
        install = f"{sys.executable} -m pip install '.[{extra}]'"
        raise UserError(f"{package} is not installed. Run {install} in the folder of this project.") from None
