"""Typed, validated `params.yaml`: unknown keys are refused, related fields are checked together."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, Field, ValidationError, create_model, model_validator

from cunet.errors import UserError, suggestion
from cunet.registry.controls import CONTROLS
from cunet.registry.datasets import DATASETS
from cunet.registry.films import FILMS
from cunet.registry.losses import LOSSES
from cunet.registry.protocols import PROTOCOLS
from cunet.registry.registry import Registry
from cunet.settings.base import INSTRUMENT, Seed, Settings
from cunet.settings.cluster import Dask
from cunet.settings.comparison import Compare
from cunet.settings.conditions import ConditionSet
from cunet.settings.evaluation import Evaluate
from cunet.settings.examples import Examples
from cunet.settings.interpretation import Interpret
from cunet.settings.models import Controls, Unet
from cunet.settings.patches import Patch, Validation
from cunet.settings.spectrogram import Spectrogram
from cunet.settings.training import Train
from cunet.variant import CONDITIONS, DEDICATED, Placement, Variant, canonical, conditions_of

Instrument = Annotated[str, Field(pattern=f"^{INSTRUMENT}$")]
DatasetName = Annotated[str, Field(min_length=1)]
LONGEST_REASON = 2000  # characters
SetName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Params(Settings):
    """All of `params.yaml` except the settings of data sets."""

    film: str
    control: str
    placement: Placement
    conditions: str
    baselines: list[str]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    condition_sets: dict[SetName, ConditionSet]
    dataset: DatasetName | list[DatasetName]
    merge: dict[Instrument, Instrument] | None
    spectrogram: Spectrogram
    patch: Patch
    validation: Validation
    unet: Unet
    controls: Controls
    train: Train
    evaluate: Evaluate
    interpret: Interpret
    examples: Examples
    compare: Compare
    dask: Dask

    @property
    def architecture(self) -> str:
        """Name of the studied Conditioned-U-Net, such as `simple-dense`."""
        return Variant(self.film, self.control, self.placement, self.conditions).name

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, which are joined."""
        return [self.dataset] if isinstance(self.dataset, str) else self.dataset

    @property
    def merged(self) -> dict[str, str]:
        """Merged instruments, and the instrument that each counts as."""
        return self.merge or {}

    @property
    def joined(self) -> dict[str, Settings]:
        """Settings of the data sets by name, each from its section."""
        return {name: getattr(self, DATASETS[name].section) for name in self.datasets}

    @model_validator(mode="after")
    def _names_are_registered(self) -> "Params":
        named: list[tuple[str, Registry[Any], str]] = [
            ("film", FILMS, self.film),
            ("control", CONTROLS, self.control),
            ("train.loss", LOSSES, self.train.loss),
            ("evaluate.protocol", PROTOCOLS, self.evaluate.protocol),
            *((f"controls.{name}", CONTROLS, name) for name in self.controls.widths),
            *((f"controls.{name}.{film}", FILMS, film) for name, of in self.controls.widths.items() for film in of),
            *(("dataset", DATASETS, name) for name in self.datasets),
        ]
        for where, registry, name in named:
            try:
                registry.check(name)
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
        return self

    @model_validator(mode="after")
    def _data_sets_can_be_joined(self) -> "Params":
        names = self.datasets
        if not names:
            raise ValueError(f"dataset: name at least one of {', '.join(DATASETS)}")
        if len(set(names)) < len(names):
            raise ValueError(f"dataset lists a data set twice: {', '.join(names)}")
        if chained := sorted(self.merged.keys() & set(self.merged.values())):
            raise ValueError(f"merge: {chained[0]} cannot both be merged and have others merged into it")
        stems = [name for name in names if DATASETS[name].stem_files]
        if stems and (len(names) > 1 or self.merged):
            raise ValueError(
                f"dataset: {stems[0]} has stem files, which can be neither joined nor merged: use musdb18-hq"
            )
        return self

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
    def _architectures_differ(self) -> "Params":
        try:
            names = [canonical(name) for name in self.baselines]
        except ValueError as error:
            raise ValueError(f"baselines: {error}") from None
        for name, written in zip(names, self.baselines, strict=True):
            if name != written:
                raise ValueError(
                    f"baselines: write {name} instead of {written}: omitted fields take the paper's values"
                )
        if self.architecture in names:
            raise ValueError(
                f"baselines: remove {self.architecture}; film, control, placement and conditions already describe it "
                "as the studied architecture"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"baselines lists an architecture twice: {', '.join(names)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds lists a seed twice: {', '.join(map(str, self.seeds))}")
        return self

    @model_validator(mode="after")
    def _condition_sets_exist(self) -> "Params":
        for name in self.condition_sets:
            if name in get_args(Placement):
                raise ValueError(f"condition_sets: {name} is the name of a placement; choose another name")
        if self.condition_sets.get(CONDITIONS) != ConditionSet(up_to=1):
            raise ValueError(
                f"condition_sets: {CONDITIONS} is the paper's set, which names of variants omit: it must be "
                "{up_to: 1}; give your own set another name"
            )
        for name in (self.architecture, *(name for name in self.baselines if name != DEDICATED)):
            variant = Variant.parse(name)
            if variant.film not in self.controls.widths.get(variant.control, {}):
                raise ValueError(f"controls.{variant.control}.{variant.film}: add the widths of {name}")
        used = {"conditions": self.conditions, "evaluate.conditions": self.evaluate.conditions}
        used |= {f"baselines ({name})": conditions_of(name) for name in self.baselines}
        for where, name in used.items():
            if name not in self.condition_sets:
                raise ValueError(
                    f"{where}: unknown condition set {name}; condition_sets has {', '.join(self.condition_sets)}"
                )
        return self


def parse_params(values: Any) -> Params:
    """The parameters in `values`, with the section of each registered data set.

    Raises:
        ValidationError: a value is missing, unknown or invalid.
    """
    return _schema().model_validate(values)


def _schema() -> type[Params]:
    sections: dict[str, Any] = {dataset.section: (dataset.settings, ...) for dataset in DATASETS.values()}
    return create_model("Params", __base__=Params, **sections)


def load_params(path: Path = Path("params.yaml"), changes: Sequence[str] = ()) -> Params:
    """Read and validate `params.yaml`.

    Args:
        path: the file.
        changes: values that replace those in the file, as `name=value`, like those of `dvc exp run -S`.

    Raises:
        UserError: the file is missing, is not YAML, or has an invalid value; or a change is not `name=value`.

    Examples:
        >>> load_params(changes=["film=complex", "control=conv"]).architecture
        'complex-conv'
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file. Run the command in the project's folder.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # an encoding, a number of thousands of digits, depth
        raise UserError(f"{path}: not valid YAML ({_shortened(' '.join(str(error).split()))})") from None
    if changes:
        values = _changed(values, changes)
    try:
        return parse_params(values)
    except ValidationError as error:
        problems = (_one_problem(problem["type"], list(problem["loc"]), problem["msg"]) for problem in error.errors())
        raise UserError(f"{path}: {_shortened('; '.join(dict.fromkeys(problems)))}") from None


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..."


def _changed(values: Any, changes: Sequence[str]) -> Any:
    for change in changes:
        try:
            name, _, value = change.partition("=")
            if not name or not value:
                raise ValueError
            values = OmegaConf.to_container(OmegaConf.merge(values, OmegaConf.from_dotlist([change])))
        except (ValueError, yaml.YAMLError, OmegaConfBaseException):
            raise UserError(f"-S {change}: expected name=value, such as film=complex") from None
    return values


def _one_problem(kind: str, location: list[int | str], message: str) -> str:
    # A value that may be of several kinds has problems with each; pydantic calls these "constrained-int", "list[...]".
    where = ".".join(str(part) for part in location if not re.search(r"[\[(]|^constrained-", str(part)))
    message = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        message = f"unknown parameter{suggestion(str(location[-1]), _known(location[:-1]))}"
    elif kind == "missing":
        message = "is missing"
    return f"{where}: {message}" if where else message


def _known(section: list[int | str]) -> list[str]:
    """Names of the parameters of a section; none if names are the user's own."""
    model: type[BaseModel] = _schema()
    for part in section:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return list(model.model_fields)
