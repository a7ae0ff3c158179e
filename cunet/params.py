"""Typed, validated `params.yaml`: unknown keys are refused, fields that must agree are checked together."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cunet.datasets.names import normalise
from cunet.errors import UserError
from cunet.variant import CONDITIONS, ConditionedUnet, Control, Film, Placement, canonical, conditions_of

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Name = Annotated[str, AfterValidator(normalise)]  # of a track or an instrument
SetName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Subset = Literal["train", "test"]
INSTRUMENT = r"[\w -]+"  # what an instrument may be called: files, MLflow's metrics and conditions are named after it
SUBSETS: tuple[Subset, ...] = ("train", "test")
ProtocolName = Literal["model-rate", "sisec18", "paper"]
Engine = Literal["bsseval", "museval"]


class Section(BaseModel):
    """A part of `params.yaml`; immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Synthetic(Section):
    """The data set composed from a seed: numbers of songs and their length."""

    train: Positive
    test: Positive
    seconds: Annotated[float, Field(ge=2)]
    seed: int


class Musdb(Section):
    """Where a MUSDB18 data set comes from: `download`, a folder, a .zip, or the address of a .zip."""

    source: Annotated[str, Field(min_length=1)]
    checksum: Annotated[str, Field(pattern="^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")] | None

    @property
    def is_address(self) -> bool:
        """Whether the archive is to be downloaded from a server that the user names."""
        return self.source.lower().startswith(("http://", "https://"))

    @model_validator(mode="after")
    def _source_and_checksum_agree(self) -> "Musdb":
        if self.source == "download" and self.checksum:
            raise ValueError(
                "checksum is for an archive of your own; the download has its published one: set it to null"
            )
        if self.is_address:
            self._check_address()
        return self

    def _check_address(self) -> None:
        try:
            parts = urlsplit(self.source)
        except ValueError as error:
            raise ValueError(f"source is no address ({error})") from None
        if not parts.hostname:
            raise ValueError("source is no address: it names no server")
        if parts.query or parts.username or parts.password:
            raise ValueError(
                "source has a password or a query (?...), which params.yaml and dvc.lock would make public: download "
                "the archive yourself and name the file; a share link of Zenodo belongs in ZENODO_LINK"
            )
        if not self.checksum:
            raise ValueError("checksum is needed for an address: md5:... or sha256:... of the .zip")


class Folder(Section):
    """A user's own multitracks at `<root>/{train,test}/<track>/<instrument>.<wav|flac|ogg>`."""

    root: Path

    @field_validator("root")
    @classmethod
    def _dvc_finds_it(cls, root: Path) -> Path:
        if str(root).startswith("~"):
            raise ValueError(f"DVC does not expand ~: write {os.path.expanduser(root)}")
        return root


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


class Dask(Section):
    """Where per-track work runs: a scheduler's address, or none for a local cluster of `workers` processes."""

    scheduler: str | None
    workers: Positive | None


class Params(Section):
    """All of `params.yaml`."""

    film: Film
    control: Control
    placement: Placement
    conditions: str
    baselines: list[str]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    condition_sets: dict[SetName, ConditionSet]
    dataset: Literal["synthetic", "musdb18", "musdb18-hq", "musdb18-7s", "folder"]
    synthetic: Synthetic
    musdb: Musdb
    folder: Folder
    spectrogram: Spectrogram
    patch: Patch
    validation: Validation
    unet: Unet
    controls: Controls
    train: Train
    evaluate: Evaluate
    interpret: Interpret
    compare: Compare
    dask: Dask

    @property
    def folders(self) -> dict[str, Path]:
        """Where each architecture lies below `models` and `results`, with a folder a seed in it."""
        return {name: Path("baselines") / name for name in self.baselines} | {self.architecture: Path("cunet")}

    @property
    def architecture(self) -> str:
        """Name of the Conditioned-U-Net under study, such as `simple-dense`."""
        return ConditionedUnet(self.film, self.control, self.placement, self.conditions).name

    @model_validator(mode="after")
    def _patches_can_be_halved(self) -> "Params":
        halvings = 2**self.unet.layers
        if self.patch.frames % halvings:
            raise ValueError(
                f"patch.frames ({self.patch.frames}) must be a multiple of 2^unet.layers ({halvings}): "
                "every layer halves it"
            )
        if self.spectrogram.bins % halvings:
            raise ValueError(
                f"half of spectrogram.window ({self.spectrogram.bins}) must be a multiple of 2^unet.layers "
                f"({halvings}): every layer halves it"
            )
        return self

    @model_validator(mode="after")
    def _what_is_compared_differs(self) -> "Params":
        try:
            names = [canonical(name) for name in self.baselines]
        except ValueError as error:
            raise ValueError(f"baselines: {error}") from None
        for name, written in zip(names, self.baselines, strict=True):
            if name != written:
                raise ValueError(f"baselines: {written} is called {name}, for what is as in the paper is left out")
        if self.architecture in names:
            raise ValueError(
                f"baselines names {self.architecture}, which film, control, placement and conditions already "
                "describe: take it out of baselines"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"baselines names an architecture twice: {', '.join(names)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds names one twice: {', '.join(map(str, self.seeds))}")
        return self

    @model_validator(mode="after")
    def _condition_sets_are_there(self) -> "Params":
        for name in self.condition_sets:
            if name in get_args(Placement):
                raise ValueError(f"condition_sets: {name} is the name of a placement: choose another")
        if self.condition_sets.get(CONDITIONS) != ConditionSet(up_to=1):
            raise ValueError(
                f"condition_sets: {CONDITIONS} is the set of the paper, which names leave out: it must be "
                "{up_to: 1}; give your own another name"
            )
        used = {"conditions": self.conditions, "evaluate.conditions": self.evaluate.conditions}
        used |= {f"baselines ({name})": conditions_of(name) for name in self.baselines}
        for where, name in used.items():
            if name not in self.condition_sets:
                raise ValueError(
                    f"{where}: no condition set is called {name}; condition_sets has {', '.join(self.condition_sets)}"
                )
        return self


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values under dotted names, as DVC and MLflow show parameters."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def load_params(path: Path = Path("params.yaml"), changes: Sequence[str] = ()) -> Params:
    """Read and validate `params.yaml`.

    Args:
        path: of the file.
        changes: values that take the place of those in the file, as `name=value`, like those of `dvc exp run -S`.

    Raises:
        UserError: the file is missing, is not YAML, or holds a value that cannot be used; a change is no `name=value`.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path} not found: run from the project's folder") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if changes:
        values = _changed(values, changes)
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        problems = (_one_problem(list(problem["loc"]), problem["msg"]) for problem in error.errors())
        raise UserError(f"{path}: {'; '.join(dict.fromkeys(problems))}") from None


def _changed(values: Any, changes: Sequence[str]) -> Any:
    for change in changes:
        try:
            name, _, value = change.partition("=")
            if not name or not value:
                raise ValueError
            values = OmegaConf.to_container(OmegaConf.merge(values, OmegaConf.from_dotlist([change])))
        except (ValueError, OmegaConfBaseException):
            raise UserError(f"-S {change}: expected name=value, such as film=complex") from None
    return values


def _one_problem(location: list[int | str], message: str) -> str:
    where = ".".join(str(part) for part in location)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
