"""Settings of the training."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cunet.settings.base import Positive, Settings, Share


class Augmentation(Settings):
    """Share of the training patches that are mixed from several tracks, and the gains of their sources."""

    probability: Share
    gain: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _gain_is_a_range(self) -> "Augmentation":
        low, high = self.gain
        if low > high:
            raise ValueError(f"gain ({low}, {high}) is the lowest, then the highest: exchange them")
        return self


class Patience(Settings):
    """Epochs without a better validation loss before something happens."""

    plateau: Positive
    stop: Positive


class Epochs(Settings):
    """Most epochs of a network: a conditioned one, and a dedicated one."""

    conditioned: Positive
    dedicated: Positive


class Train(Settings):
    """The fit.

    Attributes:
        loss: name in `cunet.registry.losses`.
        progressive: share of the examples whose condition and target are scaled by one random factor.
        schedule: of the learning rate: `cosine` lowers it to zero over all epochs (Loshchilov & Hutter, ICLR 2017);
            `plateau` multiplies it by `factor` after `patience.plateau` epochs in which the validation loss fell by
            less than `min_delta`.
        precision: of the arithmetic; weights are kept in float32.
        jit: whether XLA compiles the training step; null leaves it to Keras, on a CPU with TensorFlow it is off.
        devices: `one`, or `all` the GPUs of the machine, which share every batch.
    """

    loss: str
    progressive: Share
    augmentation: Augmentation
    batch_size: Positive
    batches_per_epoch: Positive
    epochs: Epochs
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["cosine", "plateau"]
    factor: Annotated[float, Field(gt=0, lt=1)]
    min_delta: Annotated[float, Field(ge=0)]
    patience: Patience
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"]
    jit: bool | None
    devices: Literal["one", "all"]

    def epochs_of(self, conditioned: bool) -> int:
        """Most epochs of a conditioned or of a dedicated network."""
        return self.epochs.conditioned if conditioned else self.epochs.dedicated
