"""Cost of a pipeline run on this machine: disk from the parameters, memory and time from short trials."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import psutil
import stempeg
from tabulate import tabulate

from cunet.audio.writing import write_audio
from cunet.cluster import local_workers
from cunet.conditions.naming import by_name
from cunet.conditions.sets import scored_conditions, single_conditions
from cunet.datasets import joined
from cunet.datasets.disk import human
from cunet.datasets.extent import Extent
from cunet.evaluation.bounds import BOUNDS, ideal_ratio_mask
from cunet.evaluation.scores import score_track
from cunet.files import temporary_folder
from cunet.interpret.scoring import estimates_of_a_track, score_against_all
from cunet.models.networks import build
from cunet.names import MIXTURE
from cunet.params import Params
from cunet.preprocess.patches import check_count
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.validation import validation_tracks
from cunet.preprocess.writing import write_track
from cunet.registry.datasets import DATASETS
from cunet.registry.losses import LOSSES
from cunet.registry.protocols import PROTOCOLS
from cunet.tracks.reading import read_tracks
from cunet.tracks.stems import STEM_SUFFIX, STREAMS
from cunet.tracks.track import DECODING_MEMORY, FileTrack, Track
from cunet.train.batches import READERS, PatchReader, TrainingBatches
from cunet.train.devices import training_devices
from cunet.train.fit import compile_network, describe

TRIAL, TRIAL_SECONDS, RATE = "trial", 20, 44100
LONG = 2  # assumed length of the longest track over the mean length; memory is estimated for it
STEPS = 2  # timed training steps
BASE = 250 * 10**6  # bytes of an idle worker
COPIES = 24  # bytes per sample while a track is decoded: 16 bits, float64 twice, float32


@dataclass(frozen=True)
class Step:
    """Approximate cost of a stage: bytes on disk, bytes of memory in all its processes, and seconds."""

    name: str
    disk: int = 0
    memory: int = 0
    seconds: float = 0
    note: str = ""


def forecast(params: Params, extent: Extent) -> list[Step]:
    """The cost of each pipeline step on a data set of this extent; runs trials for about a minute."""
    with temporary_folder() as folder:
        track = _trial_track(folder, params, extent.sources)
        return [
            Step(
                "download",
                extent.download + extent.audio,
                note="time depends on the connection" if extent.download else "",
            ),
            _spectrograms(params, extent, track, folder),
            *(_training(params, track, name, folder) for name in (params.architecture, *params.baselines)),
            _scoring(params, extent, track, folder),
            _interpreting(params, extent, track, folder),
            _examples(params, extent, track),
        ]


def show(params: Params) -> None:
    """Print the forecast, and a warning if the disk is too small.

    Raises:
        UserError: the user's own tracks cannot be used, or none is left to train on.
    """
    extent = joined.extent(params.joined)
    drawn = params.validation.tracks
    if isinstance(drawn, int) and not any(validation_tracks(dataset) for dataset in params.datasets):
        check_count(drawn, extent.tracks["train"])
    seconds = sum(extent.seconds.values())
    tracks = f"{extent.tracks['train']} + {extent.tracks['test']} tracks"
    print(f"{' + '.join(params.datasets)}: {tracks}, {duration(seconds)} of music")
    print("timing each step on this machine ...", flush=True)
    steps = forecast(params, extent)
    disk, needed = sum(step.disk for step in steps), sum(step.seconds for step in steps)
    rows = [
        (s.name, _or_dash(s.disk, human), _or_dash(s.memory, human), _or_dash(s.seconds, duration), s.note)
        for s in steps
    ]
    rows.append(("all", human(disk), human(max(step.memory for step in steps)), duration(needed), ""))
    print(tabulate(rows, ["step", "disk", "memory", "time, about", ""], colalign=("left", "right", "right", "right")))
    free = shutil.disk_usage(".").free
    print(f"free disk: {human(free)}")
    if disk > free:
        print(f"warning: {human(disk - free)} of disk space are missing, unless some outputs exist already")


def duration(seconds: float) -> str:
    """A duration with its unit, to one decimal.

    Examples:
        >>> duration(90)
        '1.5 min'
    """
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def _or_dash(value: float, words: Callable[[float], str]) -> str:
    return words(value) if value else "-"


def _trial_track(folder: Path, params: Params, sources: int) -> Track:
    """A track of noise in the format of the data set."""
    noise = np.random.default_rng(0).normal(0, 0.05, (sources, TRIAL_SECONDS * RATE, 2)).astype(np.float32)
    if any(DATASETS[name].stem_files for name in params.datasets):
        (folder / "train").mkdir()
        path = folder / "train" / f"{TRIAL}{STEM_SUFFIX}"
        stems = np.concatenate([noise.sum(axis=0, keepdims=True), noise])[:STREAMS]
        stempeg.write_stems(
            str(path), stems, sample_rate=RATE, writer=stempeg.StreamsWriter(codec="aac", bitrate=256000)
        )
        return read_tracks(folder / "train")[0]
    waveforms = {MIXTURE: noise.sum(axis=0)} | {f"source {n}": waveform for n, waveform in enumerate(noise)}
    for name, waveform in waveforms.items():
        write_audio(folder / f"{name}.wav", waveform, RATE)
    return FileTrack(TRIAL, {name: folder / f"{name}.wav" for name in waveforms})


def _long_track(extent: Extent) -> float:
    """Assumed length of the longest track, in seconds."""
    return LONG * sum(extent.seconds.values()) / sum(extent.tracks.values())


def _spectrograms(params: Params, extent: Extent, track: Track, folder: Path) -> Step:
    settings, seconds = params.spectrogram, sum(extent.seconds.values())
    taken = _time(lambda: write_track(track, folder / f"{track.name}.h5", settings))
    frames = seconds * settings.sample_rate / settings.hop
    size = round((extent.sources + 1) * (settings.bins + 1) * frames * np.dtype(np.complex64).itemsize)
    workers = local_workers(params.dask, DECODING_MEMORY)
    decoded = round(_long_track(extent)) * RATE * 2 * COPIES
    return Step("spectrograms", size, workers * (BASE + decoded), taken * seconds / TRIAL_SECONDS / workers)


def _training(params: Params, track: Track, name: str, folder: Path) -> Step:
    """Extrapolated from a few steps on patches of the trial track; validation is not counted."""
    settings = params.train
    index = pd.DataFrame({"track": [TRIAL] * settings.batch_size, "frame": np.arange(settings.batch_size)})
    conditions = single_conditions(track.instruments)
    architecture = describe(params, name, conditions)
    complex_targets = LOSSES[settings.loss].complex_targets
    reader = PatchReader(index, conditions, folder, architecture.bins, architecture.frames, complex_targets)
    batches = TrainingBatches(reader, architecture.conditioned, settings, 0, 0)
    batch = batches[0]
    reading = _time(lambda: batches[1]) / READERS
    epochs = settings.epochs_of(architecture.conditioned)
    with training_devices(settings):
        model = build(architecture, architecture.networks[0])
        compile_network(model, settings, architecture.spectrogram, epochs)
        model.train_on_batch(*batch)  # traces the graph
        step = _time(lambda: [model.train_on_batch(*batch) for _ in range(STEPS)]) / STEPS
    epoch = settings.batches_per_epoch * max(step, reading)
    weights, networks = model.count_params(), len(architecture.networks) * len(params.seeds)
    keras.backend.clear_session()
    return Step(
        f"train {name}",
        networks * weights * np.dtype(np.float32).itemsize,
        psutil.Process().memory_info().rss,
        networks * epochs * epoch,
        f"{networks} x {weights / 1e6:.1f} M weights, {duration(epoch)} per epoch; early stopping may end sooner",
    )


def _scoring(params: Params, extent: Extent, track: Track, folder: Path) -> Step:
    file = TrackSpectrograms(folder / f"{track.name}.h5")
    conditions = by_name(scored_conditions(track.instruments, params.condition_sets[params.evaluate.conditions]))
    masks = ideal_ratio_mask(file, conditions)

    def score() -> object:
        return score_track(track, masks, conditions, params.spectrogram, params.evaluate)

    score()  # warm-up: imports the scoring libraries
    taken = _time(score)
    protocol = PROTOCOLS[params.evaluate.protocol]
    memory = protocol.memory(
        [track], _long_track(extent), params.evaluate, params.spectrogram.sample_rate, len(conditions)
    )
    workers = local_workers(params.dask, memory)
    scored = (1 + len(params.baselines)) * len(params.seeds) + len(BOUNDS)
    return Step(
        "evaluate",
        memory=workers * memory,
        seconds=scored * taken * extent.seconds["test"] / TRIAL_SECONDS / workers,
        note=f"{scored} x {extent.tracks['test']} tracks, {workers} at a time, protocol {params.evaluate.protocol}",
    )


def _interpreting(params: Params, extent: Extent, track: Track, folder: Path) -> Step:
    file = TrackSpectrograms(folder / f"{track.name}.h5")
    mask = {"mixture": np.ones((file.bins, file.frames), np.float32)}
    taken = _time(lambda: score_against_all(track, mask, {}, params.spectrogram, params.evaluate))
    estimates = estimates_of_a_track(track.instruments, params.interpret)
    protocol, rate = PROTOCOLS[params.evaluate.protocol], params.spectrogram.sample_rate
    memory = protocol.memory([track], _long_track(extent), params.evaluate, rate, estimates)
    workers = local_workers(params.dask, memory)
    tracks = min(params.interpret.tracks, extent.tracks["test"])
    seconds = tracks * extent.seconds["test"] / extent.tracks["test"]
    return Step(
        "interpret",
        memory=workers * memory,
        seconds=estimates * taken * seconds / TRIAL_SECONDS / workers,
        note=f"{estimates} estimates of {tracks} tracks",
    )


def _examples(params: Params, extent: Extent, track: Track) -> Step:
    """Uncompressed 16-bit sound of every condition: mixture, reference, ideal mask, and all architectures."""
    tracks = min(params.examples.tracks, extent.tracks["test"])
    conditions = scored_conditions(track.instruments, params.condition_sets[params.evaluate.conditions])
    sounds = len(conditions) * (len(BOUNDS) + 1 + 1 + len(params.baselines))
    sounds += estimates_of_a_track(track.instruments, params.interpret) + 1
    size = round(tracks * sounds * params.examples.seconds * params.spectrogram.sample_rate * 2)
    return Step("examples", size, note=f"{tracks} tracks, separated by every architecture")


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
