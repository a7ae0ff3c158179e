"""Base of all settings."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cunet.names import normalise

MOST = 10**7  # of anything that is counted

# YAML has types of its own: a text is no number, and true is not 1. No number is infinite.
Whole = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Positive = Annotated[Whole, Field(gt=0, le=MOST)]
Seed = Annotated[Whole, Field(ge=0, lt=2**32)]
Fraction = Annotated[Real, Field(ge=0, lt=1)]
Share = Annotated[Real, Field(ge=0, le=1)]
Name = Annotated[str, AfterValidator(normalise)]  # of a track or an instrument
Subset = Literal["train", "test"]
INSTRUMENT = r"[\w -]+"  # names of instruments, which files, MLflow's metrics and conditions take over
SUBSETS: tuple[Subset, ...] = ("train", "test")


class Settings(BaseModel):
    """A section or subsection of `params.yaml`: immutable, with unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested values to dotted names, as DVC and MLflow show parameters.

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
