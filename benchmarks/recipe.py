"""The training recipe, one change at a time: loss, SDR and seconds, on songs that no network was trained on.

    python -m benchmarks.recipe [ROW ...] [--patches 4096] [--seeds 0] [--songs 12] [--out FILE] [-S name=value ...]
                                [--train 'Synthetic*' ...] [--score FOLDER]

Trains one network per row on the workspace's training songs, with the settings of `params.yaml` and the changes of the
row, and scores it on its validation tracks and on songs composed from another seed; the test tracks are not used.
Without rows, runs all. -S changes parameters of every row, like `dvc exp run -S`: for example, another FiLM.

--train selects training songs by name, and --score scores the tracks of a folder instead, as for the comparison of
composed with recorded songs in docs/explanation/real_singing.md. The rows mixture and ideal-ratio-mask train nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import keras
import numpy as np
import pandas as pd
from keras import KerasTensor, layers, ops

from benchmarks.measure import machine
from benchmarks.workspace import INDEXES, SPECTROGRAMS, add_changes, check_indexes
from cunet.cli.running import run
from cunet.conditions.naming import by_name
from cunet.conditions.sets import build_conditions, single_conditions
from cunet.datasets.synthetic import Synthetic, compose_song, plan_songs
from cunet.errors import UserError
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.scores import score_track
from cunet.masking.masks import GetMasks, share_out
from cunet.masking.separator import Separator
from cunet.models import control, film, networks, unet
from cunet.params import Params, load_params
from cunet.preprocess.indexes import TRAINING, VALIDATION, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import write_track
from cunet.tracks.folder import tracks
from cunet.tracks.track import FileTrack, Track
from cunet.train import fit, losses
from cunet.train.batches import Numbers, TrainingBatches
from cunet.train.fit import Trainer, describe

AUDIO = Path("data/audio/train")
OTHER_SEED = 1  # of the songs composed for this benchmark
EPOCH = 1024  # patches between two validations, which select the best weights
Patches = Sequence[tuple[object, str, Any]]
Songs = list[tuple[Track, TrackSpectrograms]]


@dataclass(frozen=True)
class Row:
    """One change: the predicted effect, changed parameters, and replaced attributes of modules."""

    prediction: str
    changes: Sequence[str] = ()
    patches: Patches = ()
    dedicated: bool = False


def _example_normalisation(name: str, momentum: float) -> Any:
    """Replace the U-Net's batch normalisation by one with the statistics of each example and feature map."""
    if name.startswith("control"):
        return BATCH_NORMALISATION(name=name, momentum=momentum)
    return layers.GroupNormalization(groups=-1, epsilon=1e-5, name=name)


def _compressed(power: float) -> Callable[..., KerasTensor]:
    """The encoder, with the magnitudes raised to this power and normalised by frequency at its input only."""
    encode = unet._encode

    def compressed(x: KerasTensor, filters: int, number: int, modulate: unet.Modulate) -> KerasTensor:
        if number == 1:
            x = layers.Permute((3, 2, 1))(ops.power(ops.maximum(x, 1e-8), power))
            x = layers.Permute((3, 2, 1))(layers.BatchNormalization(momentum=unet.MOMENTUM)(x))
        return encode(x, filters, number, modulate)

    return compressed


def _compressed_error(settings: Any) -> losses.Function:
    return lambda targets, estimates: ops.mean(
        ops.abs((targets + 1e-5) ** 0.5 - (estimates + 1e-5) ** 0.5), axis=(1, 2, 3)
    )


def _square_error(settings: Any) -> losses.Function:
    error = losses.complex_error(settings)
    return lambda targets, estimates: 100 * error(targets, estimates) ** 2


def _log_error(settings: Any) -> losses.Function:
    """The negative SDR of every patch, up to a factor."""
    error = losses.complex_error(settings)

    def log_error(targets: KerasTensor, estimates: KerasTensor) -> KerasTensor:
        power = ops.mean(targets[..., 0] ** 2 + targets[..., 1] ** 2, axis=(1, 2))
        ratio: KerasTensor = ops.log((error(targets, estimates) ** 2 + 1e-7) / (power + 1e-7))
        return ratio

    return log_error


def _scaled(loss: losses.Loss, factor: float) -> losses.Loss:
    def make(settings: Any) -> losses.Function:
        error = loss.make(settings)
        return lambda targets, estimates: factor * ops.mean(error(targets, estimates))

    return losses.Loss(make, loss.complex_targets)


def _normal_initialiser(stddev: float) -> Callable[[type[layers.Layer]], Any]:
    def initialised(kind: type[layers.Layer]) -> Callable[..., Any]:
        def layer(*arguments: Any, **settings: Any) -> Any:
            small: Any = keras.initializers.RandomNormal(stddev=stddev)  # one per layer, from the seed
            make: Any = kind
            return make(*arguments, kernel_initializer=small, **settings)

        return layer

    return initialised


def _normalised_mask(*arguments: Any, **settings: Any) -> Any:
    """As `layers.Conv2DTranspose`, but with batch normalisation before the sigmoid of the mask."""
    if settings["name"] != "mask":
        return TRANSPOSED(*arguments, **settings)
    convolution = TRANSPOSED(*arguments, **(settings | {"name": "mask_logits", "activation": None}))
    norm = layers.BatchNormalization(momentum=unet.MOMENTUM, name="mask_norm")
    return lambda x: layers.Activation("sigmoid", name="mask")(norm(convolution(x)))


def _dense_from_zero(*arguments: Any, **settings: Any) -> Any:
    """As `layers.Dense`, but gammas start at zero."""
    gamma = settings["name"].startswith("gamma_")
    return DENSE(*arguments, **(settings | ({"bias_initializer": "zeros"} if gamma else {})))


def _grouped_order(self: TrainingBatches, passage: int) -> Numbers:
    """Patches in random order, with all conditions of a patch in sequence."""
    count = len(self._reader) // self._reader.patches
    patches = np.random.default_rng([self._seed, passage]).permutation(self._reader.patches)
    return np.asarray((patches[:, None] * count + np.arange(count)).ravel())


def _adam(**changes: Any) -> Callable[..., Any]:
    adam: Any = keras.optimizers.Adam
    return lambda rate, **own: adam(rate, **(own | changes))


def _layers(**replaced: Any) -> SimpleNamespace:
    """Keras' layers with some replaced, for one module only: code that counts weights needs the original classes."""
    return SimpleNamespace(**(vars(layers) | replaced))


BATCH_NORMALISATION: Any = layers.BatchNormalization
DENSE: Any = layers.Dense
TRANSPOSED: Any = layers.Conv2DTranspose
NORMAL = _normal_initialiser(0.02)
CONVOLUTIONS = ("Conv2D", "Conv2DTranspose")
OLD = ("train.loss=l1", "train.batch_size=16", "train.progressive=0.25")
SLOW = [(module, "MOMENTUM", 0.99) for module in (unet, control)]
ROWS = {
    "recipe": Row("as in params.yaml"),
    "as before this study": Row("-1 dB", OLD),
    "as main 511269d": Row(
        "-1.5 dB",
        (*OLD, "train.schedule=plateau", "train.learning_rate=0.001", "train.min_delta=0.0001"),
        [*SLOW, (fit, "BETA_1", 0.9), (fit, "LEAST_RATE", 0.0)],
    ),
    "loss: l1 of magnitudes": Row("-0.5 dB: the median is not what SDR asks for", ["train.loss=l1"]),
    "loss: l1 of compressed magnitudes": Row(
        "-0.5 dB", ["train.loss=l1"], [(losses, "L1", losses.Loss(_compressed_error))]
    ),
    "loss: l1 of the waveform": Row("-0.5 dB", ["train.loss=waveform"]),
    "loss: mean square of spectra": Row(
        "-0.1 dB", patches=[(losses, "COMPLEX", losses.Loss(_square_error, complex_targets=True))]
    ),
    "loss: SDR of every patch": Row(
        "+0.1 dB", patches=[(losses, "COMPLEX", losses.Loss(_log_error, complex_targets=True))]
    ),
    "loss times 100": Row(
        "0 dB: Adam divides by its size", patches=[(losses, "COMPLEX", _scaled(losses.COMPLEX, 100))]
    ),
    "conditions of a patch together": Row(
        "0.5 dB: a batch shows what the condition alone changes",
        patches=[(TrainingBatches, "_draw_order", _grouped_order)],
    ),
    "batches of 4": Row("0 dB: more steps, noisier statistics", ["train.batch_size=4"]),
    "batches of 16": Row("-0.3 dB: half the steps", ["train.batch_size=16"]),
    "learning rate 0.001": Row("-0.2 dB", ["train.learning_rate=0.001"]),
    "learning rate 0.004": Row("-0.2 dB", ["train.learning_rate=0.004"]),
    "on a plateau": Row("-0.3 dB", ["train.schedule=plateau"]),
    "Adam's beta 0.9": Row("0 dB", patches=[(fit, "BETA_1", 0.9)]),
    "progressive conditioning": Row("-0.2 dB on whole instruments", ["train.progressive=0.25"]),
    "no augmentation": Row("-0.2 dB", ["train.augmentation.probability=0"]),
    "augmentation 0.5": Row("-0.2 dB: no music sounds like it", ["train.augmentation.probability=0.5"]),
    "momentum 0.99": Row("-0.3 dB: statistics lag behind", patches=SLOW),
    "epsilon 1e-5": Row(
        "0.2 dB: quiet layers are normalised too",
        patches=[(layers, "BatchNormalization", partial(BATCH_NORMALISATION, epsilon=1e-5))],
    ),
    "statistics of each example": Row(
        "0.3 dB: of each condition alone",
        patches=[(layers, "BatchNormalization", _example_normalisation)],
    ),
    "averaged weights": Row(
        "0 dB: the cosine averages already",
        patches=[(keras.optimizers, "Adam", _adam(use_ema=True, ema_momentum=0.98, ema_overwrite_frequency=128))],
    ),
    "N(0, 0.02) initialisers": Row(
        "0 dB: every layer is normalised",
        patches=[(unet, "layers", _layers(**{kind: NORMAL(getattr(layers, kind)) for kind in CONVOLUTIONS}))],
    ),
    "Glorot for gammas and betas": Row("-0.2 dB: a modulated start", patches=[(film, "STANDARD_DEVIATION", 0.1)]),
    "gammas from zero": Row(
        "-0.3 dB: half of the signal is gone", patches=[(film, "layers", _layers(Dense=_dense_from_zero))]
    ),
    "control vector as it is": Row("-1 dB: gammas leap", patches=[(networks, "scaled", lambda vector: vector)]),
    "normalised mask": Row("0 dB", patches=[(unet, "layers", _layers(Conv2DTranspose=_normalised_mask))]),
    "dropout 0.3": Row("-0.3 dB: it is far from overfitting", ["unet.dropout=0.3"]),
    "compressed input": Row("0.5 dB: quiet bins are seen", patches=[(unet, "_encode", _compressed(0.3))]),
    "FiLM in the decoder": Row("0.2 dB (Choi et al., 2021)", ["placement=decoder"]),
    "FiLM in both": Row("0.3 dB", ["placement=both"]),
    "complex FiLM": Row("0.3 dB", ["film=complex"]),
    "16 filters": Row("0.5 dB, for four times the work", ["unet.filters=16"]),
    "dedicated U-Nets": Row("1 dB, for four times the patches", dedicated=True),
}


@contextmanager
def _patched(patches: Patches) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, value in patches:
            stack.enter_context(patch.object(owner, name, value))
        yield


def _scored(found: Sequence[Track], params: Params, folder: Path) -> Songs:
    folder.mkdir()
    for track in found:
        write_track(track, folder / f"{track.name}.h5", params.spectrogram)
    return [(track, TrackSpectrograms(folder / f"{track.name}.h5")) for track in found]


def _songs(count: int, folder: Path) -> list[FileTrack]:
    """The validation tracks, and `count` songs of another seed."""
    own = load_params().model_dump()["synthetic"]
    settings = Synthetic.model_validate(own | {"seed": OTHER_SEED, "train": count})
    for name, seed in plan_songs(settings, "train").items():
        compose_song(folder / f"Other {name}", seed, settings.seconds)
    held = set(read_index(INDEXES / VALIDATION)["track"])
    found = [track for track in tracks(AUDIO) if track.name in held]
    if count:
        found += tracks(folder)
    return found


def _settings(row: Row, patches: int, changes: Sequence[str]) -> Params:
    params = load_params(changes=[*changes, *row.changes])
    train = params.train
    count = max(1, patches // EPOCH)
    per_epoch = patches // count // train.batch_size
    epochs = train.epochs.model_copy(update={"conditioned": count, "dedicated": count})
    return params.model_copy(
        update={"train": train.model_copy(update={"batches_per_epoch": per_epoch, "epochs": epochs})}
    )


def _index(chosen: Sequence[str], folder: Path) -> Path:
    """Index tables of the training tracks whose names match a pattern."""
    folder.mkdir()
    for name in (TRAINING, VALIDATION):
        table = read_index(INDEXES / name)
        matching = [any(fnmatch(track, pattern) for pattern in chosen) for track in table["track"]]
        kept = table[matching] if name == TRAINING else table
        if kept.empty:
            raise UserError(f"no training track matches {' or '.join(chosen)}")
        kept.to_csv(folder / name, index=False)
    return folder


def measure(
    row: Row, patches: int, seed: int, changes: Sequence[str], train: Sequence[str], songs: Songs
) -> tuple[float, list[pd.Series], float]:
    """Validation loss; SDR by instrument of the networks' masks, and of masks that share the mixture; seconds."""
    params = _settings(row, patches, changes)
    instruments = songs[0][0].instruments
    conditions = single_conditions(instruments)
    if not row.dedicated:
        conditions = build_conditions(list(instruments), params.condition_sets[params.conditions])
    rows = []
    with _patched(row.patches), tempfile.TemporaryDirectory() as folder:
        architecture = describe(params, "unet" if row.dedicated else params.architecture, conditions)
        trainer = Trainer(
            architecture,
            params.train,
            seed,
            {},
            SPECTROGRAMS,
            _index(train, Path(folder, "indexes")),
            Path(folder, "checkpoints"),
            lambda network, row: rows.append(row["validation_loss"]),
        )
        begin = time.perf_counter()
        trainer.train(Path(folder, "model"))
        seconds = time.perf_counter() - begin
        separator = Separator(Path(folder, "model"), params.evaluate.overlap)
        found = _sdr(partial(separator.masks, consistency="none"), songs, params)
    keras.backend.clear_session()
    return float(np.min(rows)), found, seconds


def _sdr(get_masks: GetMasks, songs: Songs, params: Params) -> list[pd.Series]:
    """Mean over songs of the median over frames, in dB, by instrument: for the masks, and for consistent masks."""
    conditions = by_name(single_conditions(songs[0][0].instruments))
    found: list[list[pd.Series]] = [[], []]
    for track, spectrograms in songs:
        masks = get_masks(spectrograms, conditions)
        for own, tables in zip((masks, share_out(masks)), found, strict=True):
            table = score_track(track, own, conditions, params.spectrogram, params.evaluate).table()
            tables.append(table.set_index("target")["SDR"])
    return [pd.concat(tables, axis=1).mean(axis=1) for tables in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join([*BOUNDS, *ROWS])} (default: all)")
    parser.add_argument("--patches", type=int, default=4096, help="training patches per network (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="seeds of the trainings (default: 0)")
    parser.add_argument("--songs", type=int, default=12, help="songs of another seed to score (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="CSV file to which rows are appended")
    parser.add_argument("--train", nargs="+", default=["*"], metavar="PATTERN", help="training songs (default: all)")
    parser.add_argument("--score", type=Path, metavar="FOLDER", help="folder of tracks to score instead of songs")
    add_changes(parser)
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.rows if name not in {*ROWS, *BOUNDS}]:
        parser.error(f"unknown row {unknown[0]}; choose from {', '.join([*BOUNDS, *ROWS])}")
    run(lambda: show(arguments))


def show(arguments: argparse.Namespace) -> None:
    """Measure the requested rows and print them.

    Raises:
        UserError: there is nothing to train on or to score, or a parameter is invalid.
    """
    check_indexes()
    print(machine(), flush=True)
    columns = ["change", "prediction", "seed", "patches", "validation loss, 1e-3", "SDR", "ratio", "seconds"]
    with tempfile.TemporaryDirectory() as folder:
        params = load_params(changes=arguments.changes)
        chosen = tracks(arguments.score) if arguments.score else _songs(arguments.songs, Path(folder, "audio"))
        songs = _scored(chosen, params, Path(folder, "spectrograms"))
        for name, seed in product(arguments.rows or ROWS, arguments.seeds):
            row = ROWS.get(name, Row("a bound"))
            if name in BOUNDS:
                own = _sdr(BOUNDS[name], songs, params)[0]  # masks of a bound are not scaled
                loss, found, seconds = np.nan, [own, own], 0.0
            else:
                loss, found, seconds = measure(row, arguments.patches, seed, arguments.changes, arguments.train, songs)
            plain, shared = found
            figures = (f"{1000 * loss:.3f}", f"{plain.mean():.2f}", f"{shared.mean():.2f}", f"{seconds:.0f}")
            label = " ".join([name, *arguments.changes, *([] if arguments.train == ["*"] else arguments.train)])
            told = (label, row.prediction, seed, arguments.patches, *figures)
            table = pd.DataFrame([(*told, *shared.map("{:.2f}".format))], columns=[*columns, *shared.index])
            print(table.to_markdown(index=False), flush=True)
            if arguments.out:
                table.to_csv(arguments.out, mode="a", header=not arguments.out.exists(), index=False)


if __name__ == "__main__":
    main()
