"""The error for mistakes that a user can correct."""

import errno
import re
from collections.abc import Iterable
from difflib import get_close_matches

# What libraries say if memory or threads are refused; many raise their own type of error.
NO_MEMORY = re.compile(
    "bad_alloc|failed to map segment|cannot allocate memory|unable to allocate|out[ _]of[ _]memory|oom when allocating|"
    "resource_exhausted|can't start new thread|pthread_create|posixthread|arena alloc failed",
    re.IGNORECASE,
)
GPU_MEMORY = re.compile("cuda|gpu|resource_exhausted|oom when allocating", re.IGNORECASE)  # but not of the device CPU


class UserError(Exception):
    """A mistake that the user can correct; its text is one line: what, where, what to do.

    `cunet.cli.running.run` prints it and exits with status 1, without a traceback.
    """


def suggestion(name: str, known: Iterable[str]) -> str:
    """A question about the known name that is most like a mistyped one; empty if none is.

    Examples:
        >>> suggestion("Vocal", ["bass", "vocals"]), suggestion("x", ["bass", "vocals"])
        ('; did you mean vocals?', '')
    """
    by_folded = {one.casefold(): one for one in known}
    matches = get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[matches[0]]}?" if matches else ""


def first_line(error: BaseException, most: int = 200) -> str:
    r"""What an error says, on one line of so many characters; its type if it says nothing.

    Examples:
        >>> first_line(ValueError("no such file\nin this folder")), first_line(KeyError())
        ('no such file', 'KeyError')
        >>> first_line(OSError("failures of the download:\n- a: no space left"))
        'failures of the download: - a: no space left'
    """
    first, *others = (str(error).strip() or type(error).__name__).splitlines()
    announced = f" {others[0].strip()}" if others and first.endswith(":") else ""
    return f"{first}{announced}"[:most]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library failed because the system refused memory or threads, whatever type of error it raised.

    Examples:
        >>> is_out_of_memory(RuntimeError("Exception during initialization: std::bad_alloc"))
        True
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno is not None:  # its text may be the name of a file
        refused = error.errno == errno.ENOMEM
    else:
        refused = not isinstance(error, UserError) and bool(NO_MEMORY.search(str(error)))
    return refused or (error.__context__ is not None and is_out_of_memory(error.__context__))


def no_memory(error: BaseException) -> str:
    """The line for an error that is due to too little memory."""
    text = str(error)
    if GPU_MEMORY.search(text) and "device:CPU" not in text:
        return f"The GPU has too little memory ({first_line(error)}). Lower train.batch_size, or free the GPU."
    return f"not enough memory ({first_line(error)}). Close other programs, or raise this process's limit."
