"""Settings: the sections of `params.yaml` that the stages' code is given, each strict about its keys."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cunet.names import normalise

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, AfterValidator(normalise)]  # of a track or an instrument
Subset = Literal["train", "test"]
INSTRUMENT = r"[\w -]+"  # what an instrument may be called: files, MLflow's metrics and conditions are named after it
SUBSETS: tuple[Subset, ...] = ("train", "test")
ProtocolName = Literal["model-rate", "sisec18", "paper"]
Engine = Literal["bsseval", "museval"]


class Section(BaseModel):
    """A part of `params.yaml`; immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Spectrogram(Section):
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


class Patch(Section):
    """What the networks see: frames in a patch, and frames between the starts of two patches."""

    frames: Positive
    step: Positive


class Validation(Section):
    """Training tracks kept aside: how many the seed draws, or their names."""

    tracks: Positive | Annotated[list[Name], Field(min_length=1)]
    seed: int


class Unet(Section):
    """The generic U-Net: depth, and filters of the first layer, doubled at each layer."""

    layers: Annotated[int, Field(ge=2)]
    filters: Positive
    dropout: Fraction


class ControlWidths(Section):
    """Widths of the control network's hidden layers, by kind of FiLM."""

    simple: Annotated[list[Positive], Field(min_length=1)]
    complex: Annotated[list[Positive], Field(min_length=1)]


class Controls(Section):
    """The two control networks: dense widths, convolution filters, and their dropout."""

    dense: ControlWidths
    conv: ControlWidths
    dropout: Fraction


class ConditionSet(Section):
    """Conditions that a network is told: combinations of up to so many instruments, each at one of the levels.

    `all` adds all instruments together, however many there are, and `none` the condition that asks for silence.
    """

    up_to: Positive
    levels: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)] = [1.0]
    all: bool = False
    none: bool = False


class Augmentation(Section):
    """Share of the training patches that are mixed anew from several tracks, and the gains of their sources."""

    probability: Share
    gain: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _gain_is_a_range(self) -> "Augmentation":
        low, high = self.gain
        if low > high:
            raise ValueError(f"gain ({low}, {high}) is the lowest, then the highest: exchange them")
        return self


class Patience(Section):
    """Epochs without a better validation loss before something happens."""

    plateau: Positive
    stop: Positive


class Epochs(Section):
    """Most epochs of a network: one that isolates all instruments, told which, and one that isolates a single one."""

    conditioned: Positive
    dedicated: Positive


class Train(Section):
    """The fit.

    Attributes:
        progressive: share of the patches whose condition and target are scaled by one random factor.
        schedule: of the learning rate: `cosine` lowers it to zero over all epochs (Loshchilov & Hutter, ICLR 2017);
            `plateau` multiplies it by `factor` after `patience.plateau` epochs in which the validation loss fell by
            less than `min_delta`.
        precision: of the arithmetic; weights are kept in float32.
        jit: whether XLA compiles the training step; null leaves it to Keras, on a CPU with TensorFlow it is off.
        devices: `one`, or `all` the GPUs of the machine, which share every batch.
    """

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


class Evaluate(Section):
    """How architectures are scored.

    The protocol, the library that computes its BSS Eval, the set of conditions scored beside the single instruments,
    BSS Eval v4 frames in seconds, overlap of patches in separation, and excerpts kept as examples.
    """

    protocol: ProtocolName
    engine: Engine
    conditions: str
    window: Annotated[float, Field(gt=0)]
    hop: Annotated[float, Field(gt=0)]
    overlap: Fraction
    example_tracks: Annotated[int, Field(ge=0)]
    example_seconds: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _protocol_defines_its_frames(self) -> "Evaluate":
        if self.protocol == "sisec18" and (self.window, self.hop) != (1, 1):
            raise ValueError(f"window ({self.window}) and hop ({self.hop}) must be 1 second for the protocol sisec18")
        return self


class Interpret(Section):
    """The path of the condition from one instrument to another, in so many steps, over so many test tracks.

    `path` names the two instruments; null takes the first and the last.
    """

    path: Annotated[list[Name], Field(min_length=2, max_length=2)] | None
    steps: Annotated[int, Field(ge=2, le=101)]
    tracks: Positive

    @model_validator(mode="after")
    def _path_leads_somewhere(self) -> "Interpret":
        if self.path and self.path[0] == self.path[1]:
            raise ValueError(f"path leads from {self.path[0]} to itself: name two instruments")
        return self


class Compare(Section):
    """How architectures are compared.

    Whether published figures stand in the table, where data set and protocol are theirs; confidence of the
    intervals, and number of bootstrap samples that they come from.
    """

    published: bool
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values under dotted names, as DVC and MLflow show parameters."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
