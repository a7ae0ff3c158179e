"""Typed, validated `params.yaml`: unknown keys are refused, fields that must agree are checked together."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, ValidationError, field_validator, model_validator

from cunet.errors import UserError
from cunet.settings import (
    Compare,
    ConditionSet,
    Controls,
    Evaluate,
    Interpret,
    Patch,
    Positive,
    Section,
    Spectrogram,
    Train,
    Unet,
    Validation,
)
from cunet.variant import CONDITIONS, ConditionedUnet, Control, Film, Placement, canonical, conditions_of

Seed = Annotated[int, Field(ge=0, lt=2**32)]
SetName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


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
