"""What all settings have in common."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cunet.names import normalise

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, AfterValidator(normalise)]  # of a track or an instrument
Subset = Literal["train", "test"]
INSTRUMENT = r"[\w -]+"  # what an instrument may be called: files, MLflow's metrics and conditions are named after it
SUBSETS: tuple[Subset, ...] = ("train", "test")


class Settings(BaseModel):
    """A section of `params.yaml`, or one in it: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values under dotted names, as DVC and MLflow show parameters.

    Examples:
        >>> flatten({"unet": {"layers": 6, "filters": 16}, "seed": 0})
        {'unet.layers': 6, 'unet.filters': 16, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
