"""Settings of the networks."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from cunet.settings.base import Fraction, Positive, Settings

Widths = Annotated[list[Positive], Field(min_length=1)]


class Unet(Settings):
    """The generic U-Net: depth, filters of the first layer (doubled at each further one), and dropout."""

    layers: Annotated[int, Field(ge=2)]
    filters: Positive
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
