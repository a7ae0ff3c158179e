"""Settings of the networks."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from cunet.settings.base import Fraction, Settings, Whole

Width = Annotated[Whole, Field(gt=0, le=2**14)]
Widths = Annotated[list[Width], Field(min_length=1, max_length=32)]


class Unet(Settings):
    """The generic U-Net: depth, filters of the first layer (doubled at each further one), and dropout."""

    layers: Annotated[Whole, Field(ge=2, le=12)]
    filters: Annotated[Whole, Field(gt=0, le=1024)]
    dropout: Fraction


class Controls(Settings):
    """The control networks: widths of the hidden layers by control network and kind of FiLM, and dropout."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Widths]]
    dropout: Fraction

    @property
    def widths(self) -> dict[str, dict[str, list[int]]]:
        """Widths of the hidden layers, by control network and kind of FiLM."""
        return self.__pydantic_extra__

    @model_serializer(mode="wrap")
    def _widths_first(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keep the order of `params.yaml` and of older models."""
        values: dict[str, Any] = serialise(self)
        return values | {"dropout": values.pop("dropout")}
