"""Implementations by their name in `params.yaml`."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from pkgutil import resolve_name
from typing import Generic, TypeVar, cast

from cunet.errors import UserError

T = TypeVar("T")


class Registry(MutableMapping[str, T], Generic[T]):
    """Implementations by name, in the order of registration.

    An implementation is given as the object itself, or as `module:attribute`, which is imported when it is looked up,
    so that names can be checked without importing Keras.

    Args:
        kind: kind of the implementations in messages, such as `loss`.
        entries: implementations by name.
        names: regular expression that names must match.

    Raises:
        ValueError: a name does not match, or a text is not `module:attribute`.

    Examples:
        >>> roots = Registry("root", {"square": "math:sqrt"})
        >>> roots["square"](9)
        3.0
        >>> roots["fourth"] = lambda x: x**0.25
        >>> list(roots)
        ['square', 'fourth']
        >>> roots.check("cube")
        Traceback (most recent call last):
        ValueError: unknown root cube; choose from square, fourth
    """

    def __init__(self, kind: str, entries: Mapping[str, str | T], names: str = r"[\w-]+") -> None:
        self._kind, self._names = kind, names
        self._entries: dict[str, str | T] = {}
        for name, entry in entries.items():
            self[name] = entry

    def check(self, name: str) -> None:
        """Check that a name is registered.

        Raises:
            ValueError: it is not.
        """
        if name not in self._entries:
            raise ValueError(f"unknown {self._kind} {name}; choose from {', '.join(self)}")

    @property
    def places(self) -> list[str]:
        """The implementations that are given as `module:attribute`."""
        return [entry for entry in self._entries.values() if isinstance(entry, str)]

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        if not isinstance(entry, str):
            return entry
        try:
            return cast(T, resolve_name(entry))
        except (ModuleNotFoundError, AttributeError) as error:
            module, _, attribute = entry.partition(":")
            if getattr(error, "name", None) not in (module, attribute):
                raise  # from inside the module
            raise UserError(
                f"{self._kind} {name}: {entry} cannot be imported ({error}). Correct it in cunet/registry."
            ) from None

    def __setitem__(self, name: str, entry: str | T) -> None:
        if not re.fullmatch(self._names, name):
            raise ValueError(f"{self._kind}: invalid name {name!r}; it must match {self._names}")
        if isinstance(entry, str) and not re.fullmatch(r"[\w.]+:\w+", entry):
            raise ValueError(f"{self._kind}: {name}: {entry!r} is not module:attribute")
        self._entries[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
