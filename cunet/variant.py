"""Names of architectures: `unet`, or `<film>-<control>`, optionally with a placement and a condition set."""

from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

from cunet.registry.controls import CONTROLS
from cunet.registry.films import FILMS

Placement = Literal["encoder", "decoder", "both"]
DEDICATED = "unet"
# The paper's values, which names omit.
PLACEMENT: Placement = "encoder"
CONDITIONS = "single"


@dataclass(frozen=True)
class Variant:
    """A variant of the Conditioned-U-Net.

    Attributes:
        film: name in `FILMS`: simple, one gamma and beta per layer; complex, one per feature map.
        control: name in `CONTROLS`.
        placement: where the U-Net has FiLM layers.
        conditions: name of the condition set that it is trained on.
    """

    film: str
    control: str
    placement: Placement = PLACEMENT
    conditions: str = CONDITIONS

    @property
    def kind(self) -> str:
        """FiLM and control, such as `simple-dense`."""
        return f"{self.film}-{self.control}"

    @property
    def name(self) -> str:
        """Its name, such as `simple-dense-decoder-pairs`; the paper's values are omitted."""
        parts = [self.kind]
        parts += [self.placement] if self.placement != PLACEMENT else []
        parts += [self.conditions] if self.conditions != CONDITIONS else []
        return "-".join(parts)

    @classmethod
    def parse(cls, name: str) -> Self:
        """The variant with a name; omitted fields take the paper's values.

        Raises:
            ValueError: it is not the name of a variant.

        Examples:
            >>> Variant.parse("complex-conv-decoder-pairs")
            Variant(film='complex', control='conv', placement='decoder', conditions='pairs')
        """
        kind, rest = name.split("-")[:2], name.split("-")[2:]
        placement = cast(Placement, rest.pop(0)) if rest and rest[0] in get_args(Placement) else PLACEMENT
        conditions = rest.pop(0) if rest else CONDITIONS
        if len(kind) < 2 or kind[0] not in FILMS or kind[1] not in CONTROLS or rest:
            raise ValueError(
                f"{name} is neither {DEDICATED} nor <film>-<control>[-<placement>][-<conditions>], such as "
                f"complex-dense or simple-conv-decoder-pairs; choose film from {', '.join(FILMS)}, and control from "
                f"{', '.join(CONTROLS)}"
            )
        return cls(kind[0], kind[1], placement, conditions)


def conditions_of(name: str) -> str:
    """The condition set that an architecture is trained on; a dedicated network isolates a single instrument.

    Raises:
        ValueError: it is not the name of an architecture.

    Examples:
        >>> conditions_of("simple-dense-pairs"), conditions_of("unet")
        ('pairs', 'single')
    """
    return CONDITIONS if name == DEDICATED else Variant.parse(name).conditions


def canonical(name: str) -> str:
    """The name without the paper's values, so that each network has one name.

    Raises:
        ValueError: it is not the name of an architecture.

    Examples:
        >>> canonical("simple-dense-encoder-single")
        'simple-dense'
    """
    return DEDICATED if name == DEDICATED else Variant.parse(name).name
