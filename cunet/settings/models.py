"""Settings of the networks."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from cunet.settings.base import Fraction, Positive, Settings

Widths = Annotated[list[Positive], Field(min_length=1)]


class Unet(Settings):
    """The generic U-Net: depth, and filters of the first layer, doubled at each layer."""

    layers: Annotated[int, Field(ge=2)]
    filters: Positive
    dropout: Fraction


class Controls(Settings):
    """The control networks: for each, the widths of its hidden layers by kind of FiLM; and their dropout."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Widths]]
    dropout: Fraction

    @property
    def widths(self) -> dict[str, dict[str, list[int]]]:
        """Widths of the hidden layers, by control network and kind of FiLM."""
        return self.__pydantic_extra__

    @model_serializer(mode="wrap")
    def _widths_first(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """In the order of `params.yaml`, and of models that were trained before there could be others."""
        values: dict[str, Any] = serialise(self)
        return values | {"dropout": values.pop("dropout")}
