"""Everything that can be added, by name: one line here leads to the file with the implementation.

`docs/extending.md` has an example of each.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from cunet.datasets.dataset import Dataset
    from cunet.evaluation.protocols import Protocol
    from cunet.models.control import ControlNetwork
    from cunet.models.film import Modulation
    from cunet.report.sections import WriteSections
    from cunet.train.losses import Loss

T = TypeVar("T")


class Registry(MutableMapping[str, T], Generic[T]):
    """Implementations by name, in the order of their registration.

    An implementation is given as `module:attribute` and imported when it is looked up, so that a name can be checked
    without importing Keras; or as the object itself.

    Args:
        kind: what is registered, for messages, such as `loss`.
        entries: by name.

    Examples:
        >>> roots = Registry("root", {"square": "math:sqrt"})
        >>> roots["square"](9)
        3.0
        >>> roots["fourth"] = lambda x: x**0.25
        >>> list(roots)
        ['square', 'fourth']
        >>> roots.check("cube")
        Traceback (most recent call last):
        ValueError: no root is called cube; there are square, fourth
    """

    def __init__(self, kind: str, entries: Mapping[str, str | T]) -> None:
        self._kind, self._entries = kind, dict(entries)

    def check(self, name: str) -> None:
        """Check that something is registered under a name.

        Raises:
            ValueError: nothing is.
        """
        if name not in self._entries:
            raise ValueError(f"no {self._kind} is called {name}; there are {', '.join(self)}")

    @property
    def places(self) -> list[str]:
        """Where the implementations are that are given as `module:attribute`."""
        return [entry for entry in self._entries.values() if isinstance(entry, str)]

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        return cast(T, resolve_name(entry)) if isinstance(entry, str) else entry

    def __setitem__(self, name: str, implementation: T) -> None:
        self._entries[name] = implementation

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


DATASETS: "Registry[Dataset]" = Registry(
    "data set",
    {
        "synthetic": "cunet.datasets.synthetic:SYNTHETIC",
        "musdb18": "cunet.datasets.musdb18:MUSDB18",
        "musdb18-hq": "cunet.datasets.musdb18:MUSDB18_HQ",
        "musdb18-7s": "cunet.datasets.musdb18:MUSDB18_7S",
        "folder": "cunet.datasets.folder:FOLDER",
    },
)
CONTROLS: "Registry[ControlNetwork]" = Registry(
    "control network", {"dense": "cunet.models.control:dense_control", "conv": "cunet.models.control:conv_control"}
)
FILMS: "Registry[Modulation]" = Registry(
    "FiLM", {"simple": "cunet.models.film:simple_film", "complex": "cunet.models.film:complex_film"}
)
LOSSES: "Registry[Loss]" = Registry("loss", {"l1": "cunet.train.losses:L1", "waveform": "cunet.train.losses:WAVEFORM"})
PROTOCOLS: "Registry[Protocol]" = Registry(
    "protocol",
    {
        "model-rate": "cunet.evaluation.protocols:MODEL_RATE",
        "sisec18": "cunet.evaluation.protocols:SISEC18",
        "paper": "cunet.evaluation.protocols:PAPER",
    },
)
SECTIONS: "Registry[WriteSections]" = Registry(  # of the report, in this order
    "section",
    {
        "compared": "cunet.report.sections:compared",
        "scores": "cunet.report.sections:scores",
        "combinations": "cunet.report.sections:combinations",
        "metrics": "cunet.report.sections:metrics",
        "differences": "cunet.report.sections:differences",
        "seeds": "cunet.report.sections:seeds",
        "costs": "cunet.report.sections:costs",
        "interpretation": "cunet.report.sections:interpretation",
        "examples": "cunet.report.sections:examples",
    },
)
