"""Settings of what is heard, learned and trained."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from cunet.settings.base import Fraction, Name, Positive, Settings, Share


class Spectrogram(Settings):
    """Short-time Fourier transform of the mono waveform: rate in Hz, window and hop in samples."""

    sample_rate: Positive
    window: Annotated[int, Field(ge=4, multiple_of=2)]
    hop: Positive

    @property
    def bins(self) -> int:
        """Frequency bins that the networks see: all but the one at half the sample rate."""
        return self.window // 2

    @model_validator(mode="after")
    def _hop_keeps_the_signal(self) -> "Spectrogram":
        if self.hop >= self.window:
            raise ValueError(f"hop ({self.hop}) must be smaller than window ({self.window}), or samples are lost")
        return self


class Patch(Settings):
    """What the networks see: frames in a patch, and frames between the starts of two patches."""

    frames: Positive
    step: Positive


class Validation(Settings):
    """Training tracks kept aside: how many the seed draws, or their names."""

    tracks: Positive | Annotated[list[Name], Field(min_length=1)]
    seed: int


class Unet(Settings):
    """The generic U-Net: depth, and filters of the first layer, doubled at each layer."""

    layers: Annotated[int, Field(ge=2)]
    filters: Positive
    dropout: Fraction


Widths = Annotated[list[Positive], Field(min_length=1)]


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


class ConditionSet(Settings):
    """Conditions that a network is told: combinations of up to so many instruments, each at one of the levels.

    `all` adds all instruments together, however many there are, and `none` the condition that asks for silence.
    """

    up_to: Positive
    levels: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[1.0], min_length=1)
    all: bool = False
    none: bool = False


class Augmentation(Settings):
    """Share of the training patches that are mixed anew from several tracks, and the gains of their sources."""

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
    """Most epochs of a network: one that isolates all instruments, told which, and one that isolates a single one."""

    conditioned: Positive
    dedicated: Positive


class Train(Settings):
    """The fit.

    Attributes:
        loss: name in `cunet.train.registry.LOSSES`.
        progressive: share of the patches whose condition and target are scaled by one random factor.
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
