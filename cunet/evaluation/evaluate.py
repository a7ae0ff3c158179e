"""Separation and scoring of every test track."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cunet import cluster
from cunet.conditions.naming import Conditions
from cunet.evaluation.bss_eval import METRICS
from cunet.evaluation.scores import TrackScores, score_track
from cunet.files import intact
from cunet.masking.masks import GetMasks, Mask
from cunet.preprocess.spectrogram import TrackSpectrograms, tracks_fingerprint
from cunet.registry.protocols import PROTOCOLS
from cunet.settings.base import flatten
from cunet.settings.cluster import Dask
from cunet.settings.evaluation import Evaluate
from cunet.settings.spectrogram import Spectrogram
from cunet.tracks.track import Track

SCORES, EVALUATION = "scores.csv", "evaluation.json"


def evaluate(
    name: str,
    get_masks: GetMasks,
    conditions: Conditions,
    tracks: Sequence[Track],
    spectrograms: Path,
    spectrogram: Spectrogram,
    settings: Evaluate,
    dask: Dask,
    out: Path,
) -> pd.DataFrame:
    """Score the estimates of all `conditions` on all test tracks; tracks that `out` has scores of are skipped.

    museval also scores an excerpt of the first track, as a check, unless it scores all tracks.

    Writes to the folder `out`: `test/<track>.json` in museval's format, the same as a table `test/<track>.csv`,
    all tables as `scores.csv`, and the settings and data behind the scores as `evaluation.json`.

    Returns:
        the table: architecture (which is `name`), protocol, track, target, group, SDR, ISR, SIR, SAR (medians over
        frames), frames, lost, note.
    """
    test = out / "test"
    test.mkdir(exist_ok=True)
    described = flatten({"evaluate": settings, "data.test": tracks_fingerprint(spectrograms)})
    (out / EVALUATION).write_text(json.dumps(described, indent=2) + "\n")

    memory = memory_of_a_track(tracks, spectrograms, spectrogram, settings, len(conditions))
    with cluster.connect(dask, memory, processes=False) as client:

        def arguments(track: Track) -> tuple[Track, dict[str, Mask], Conditions, Spectrogram, Evaluate, bool]:
            masks = get_masks(TrackSpectrograms(spectrograms / f"{track.name}.h5"), conditions)
            checked = track == tracks[0] and settings.engine != "museval"
            return track, client.scatter([masks], hash=False)[0], conditions, spectrogram, settings, checked

        scores: TrackScores
        for _, scores in cluster.for_each(
            client,
            score_track,
            tracks,
            arguments,
            f"{name}: scores",
            done=lambda track: (test / f"{track.name}.csv").exists(),
        ):
            scores.write(test)
    table = pd.concat([_read(test / f"{track.name}.csv") for track in tracks], ignore_index=True)
    table.insert(0, "architecture", name)
    table.insert(1, "protocol", settings.protocol)
    table.to_csv(out / SCORES, index=False)
    return table


def memory_of_a_track(
    tracks: Sequence[Track], spectrograms: Path, spectrogram: Spectrogram, settings: Evaluate, estimates: int
) -> int:
    """Bytes of memory for scoring this many estimates of the longest track."""
    longest = 0
    for track in tracks:
        file = TrackSpectrograms(spectrograms / f"{track.name}.h5")
        longest = max(longest, file.samples)
    seconds = longest / spectrogram.sample_rate
    return PROTOCOLS[settings.protocol].memory(tracks, seconds, settings, spectrogram.sample_rate, estimates)


def read_scores(results: Path) -> pd.DataFrame:
    """The per-track table that `evaluate` wrote."""
    return _read(results / SCORES)


def _read(path: Path) -> pd.DataFrame:
    """Read a table of scores; a track may have the name NA, or a number."""
    with intact(path):
        scores = pd.read_csv(path, dtype={"track": str, "target": str}, keep_default_na=False, na_values=[""])
        scores["note"] = scores["note"].fillna("")
        return scores.astype(dict.fromkeys(METRICS, float))
