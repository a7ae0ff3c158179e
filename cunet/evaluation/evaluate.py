"""Separates and scores every test track, and keeps what the comparison shows."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from distributed import Client

from cunet import cluster
from cunet.datasets.track import Track
from cunet.evaluation.examples import write_example
from cunet.evaluation.scores import TrackScores, score_track
from cunet.params import Evaluate, Spectrogram, flatten
from cunet.preprocess.spectrogram import Mono, TrackSpectrograms, fingerprint

Estimator = Callable[[TrackSpectrograms], dict[str, Mono]]
SCORES, PROVENANCE = "scores.csv", "evaluation.json"


def evaluate(
    name: str,
    estimate: Estimator,
    tracks: Sequence[Track],
    spectrograms: Path,
    spectrogram: Spectrogram,
    settings: Evaluate,
    client: Client,
    out: Path,
) -> pd.DataFrame:
    """Score an architecture or a bound called `name` on all test tracks.

    Writes to the folder `out`: `test/<track>.json` as museval does, the per-track table `scores.csv`,
    excerpts and their pictures in `examples/`, and in
    `evaluation.json` what the scores depend on.

    Returns:
        the table: architecture, track, target, SDR, ISR, SIR, SAR (medians over frames), frames, lost, note.
    """
    (out / "test").mkdir()
    described = flatten({"evaluate": settings, "data.test": fingerprint(spectrograms)})
    (out / PROVENANCE).write_text(json.dumps(described, indent=2) + "\n")
    examples = {track.name for track in tracks[: settings.example_tracks]}

    def arguments(track: Track) -> tuple[Track, dict[str, Mono], int, Evaluate]:
        with TrackSpectrograms(spectrograms / f"{track.name}.h5") as file:
            estimates = estimate(file)
            if track.name in examples:
                write_example(file, estimates, name, spectrogram, settings.example_seconds, out)
        return track, client.scatter([estimates], hash=False)[0], spectrogram.sample_rate, settings

    tables: dict[str, pd.DataFrame] = {}
    for track, scores in cluster.for_each(client, score_track, tracks, arguments, f"{name}: scores"):
        _write(scores, out)
        tables[track.name] = scores.table()
    table = pd.concat([tables[track.name] for track in tracks], ignore_index=True)
    table.insert(0, "architecture", name)
    table.to_csv(out / SCORES, index=False)
    return table


def read_scores(results: Path) -> pd.DataFrame:
    """The per-track table that `evaluate` wrote."""
    scores = pd.read_csv(results / SCORES, dtype={"track": str, "target": str}, keep_default_na=False, na_values=[""])
    scores["note"] = scores["note"].fillna("")
    return scores


def _write(scores: TrackScores, out: Path) -> None:
    (out / "test" / f"{scores.track}.json").write_text(scores.json + "\n")
