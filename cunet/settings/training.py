"""Settings of the training."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cunet.settings.base import Flag, Positive, Real, Settings, Share, Whole

Gain = Annotated[Real, Field(gt=0, le=100)]


class Augmentation(Settings):
    """Probability that a training patch is mixed from several tracks, and the range of its sources' gains."""

    probability: Share
    gain: tuple[Gain, Gain]

    @model_validator(mode="after")
    def _gain_is_a_range(self) -> "Augmentation":
        low, high = self.gain
        if low > high:
            raise ValueError(f"gain ({low}, {high}) must be the lowest, then the highest value; swap them")
        return self


class Patience(Settings):
    """Epochs without a better validation loss before the learning rate falls, and before training stops."""

    plateau: Positive
    stop: Positive


class Epochs(Settings):
    """Maximum number of epochs of conditioned and of dedicated networks."""

    conditioned: Positive
    dedicated: Positive


class Train(Settings):
    """The training.

    Attributes:
        loss: name in `cunet.registry.losses`.
        progressive: fraction of examples whose condition and target are scaled by one random factor.
        schedule: schedule of the learning rate: `cosine` lowers it to zero over all epochs (Loshchilov & Hutter,
            ICLR 2017); `plateau` multiplies it by `factor` after `patience.plateau` epochs in which the validation
            loss fell by less than `min_delta`.
        precision: arithmetic precision; weights are kept in float32.
        jit: whether XLA compiles the training step; null leaves the choice to Keras, except for TensorFlow on a CPU,
            where it is off.
        devices: `one`, or `all` GPUs of the machine, which share every batch.
    """

    loss: str
    progressive: Share
    augmentation: Augmentation
    batch_size: Annotated[Whole, Field(gt=0, le=2**16)]
    batches_per_epoch: Positive
    epochs: Epochs
    learning_rate: Annotated[Real, Field(gt=0, le=1000)]
    schedule: Literal["cosine", "plateau"]
    factor: Annotated[Real, Field(gt=0, lt=1)]
    min_delta: Annotated[Real, Field(ge=0, le=1000)]
    patience: Patience
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"]
    jit: Flag | None
    devices: Literal["one", "all"]

    def epochs_of(self, conditioned: bool) -> int:
        """Maximum number of epochs of a conditioned or a dedicated network."""
        return self.epochs.conditioned if conditioned else self.epochs.dedicated
