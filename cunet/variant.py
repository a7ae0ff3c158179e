"""What is compared, by name: `unet`, or `<film>-<control>` with a placement and a condition set of its own."""

from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

Film = Literal["simple", "complex"]
Control = Literal["dense", "conv"]
Placement = Literal["encoder", "decoder", "both"]
DEDICATED = "unet"
# What a name leaves out: the paper's.
PLACEMENT: Placement = "encoder"
CONDITIONS = "single"


@dataclass(frozen=True)
class ConditionedUnet:
    """A variant of the Conditioned-U-Net.

    Attributes:
        film: simple, one gamma and beta a layer; complex, one a feature map.
        control: kind of the control network.
        placement: where the U-Net has FiLM layers.
        conditions: name of the set of conditions that it is trained on.
    """

    film: Film
    control: Control
    placement: Placement = PLACEMENT
    conditions: str = CONDITIONS

    @property
    def kind(self) -> str:
        """FiLM and control, such as `simple-dense`."""
        return f"{self.film}-{self.control}"

    @property
    def name(self) -> str:
        """Its name, such as `simple-dense-decoder-pairs`; what is as in the paper is left out."""
        parts = [self.kind]
        parts += [self.placement] if self.placement != PLACEMENT else []
        parts += [self.conditions] if self.conditions != CONDITIONS else []
        return "-".join(parts)

    @classmethod
    def parse(cls, name: str) -> Self:
        """The variant with a name; the parts that it leaves out are the paper's.

        Raises:
            ValueError: it is no such name.
        """
        kind, rest = name.split("-")[:2], name.split("-")[2:]
        placement = cast(Placement, rest.pop(0)) if rest and rest[0] in get_args(Placement) else PLACEMENT
        conditions = rest.pop(0) if rest else CONDITIONS
        if kind not in [[film, control] for film in get_args(Film) for control in get_args(Control)] or rest:
            raise ValueError(
                f"{name} is neither {DEDICATED} nor <film>-<control>[-<placement>][-<conditions>], such as "
                "complex-dense or simple-conv-decoder-pairs"
            )
        film, control = kind
        return cls(cast(Film, film), cast(Control, control), placement, conditions)


def conditions_of(name: str) -> str:
    """The set of conditions that the networks called `name` are trained on; a dedicated one isolates one instrument.

    Raises:
        ValueError: it is no name of an architecture.
    """
    return CONDITIONS if name == DEDICATED else ConditionedUnet.parse(name).conditions


def canonical(name: str) -> str:
    """The name without what is as in the paper: one network, one name.

    Raises:
        ValueError: it is no name of an architecture.
    """
    return DEDICATED if name == DEDICATED else ConditionedUnet.parse(name).name
