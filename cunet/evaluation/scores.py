"""museval scores of a track: BSS Eval v4, in museval's own JSON format."""

import json
from dataclasses import dataclass

import museval
import numpy as np
import pandas as pd

from cunet.datasets.track import Track
from cunet.params import Evaluate
from cunet.preprocess.spectrogram import Mono, read_mono

METRICS = ["SDR", "ISR", "SIR", "SAR"]
SILENT = "silent reference"


@dataclass(frozen=True)
class TrackScores:
    """Scores of one track.

    Attributes:
        json: museval's file: the metrics of every frame and target; NaN where a frame is lost.
        silent: sources left out, since they or their estimates are silent in the whole track, and why.
    """

    track: str
    json: str
    silent: dict[str, str]

    def table(self) -> pd.DataFrame:
        """A row a target: median of each metric over frames, number of frames, and of those lost to silence."""
        targets = json.loads(self.json)["targets"]
        rows = [_row(self.track, target["name"], target["frames"]) for target in targets]
        rows += [
            {"track": self.track, "target": name, "frames": 0, "lost": 0, "note": why}
            for name, why in self.silent.items()
        ]
        columns = ["track", "target", *METRICS, "frames", "lost", "note"]
        return pd.DataFrame(rows, columns=columns).sort_values("target", ignore_index=True)


def score_track(track: Track, estimates: dict[str, Mono], rate: int, settings: Evaluate) -> TrackScores:
    """Score the estimates `(samples,)` of all sources of a track against the references at `rate` Hz.

    museval turns a frame to NaN for every source when one is silent in it. A source that is silent in the
    whole track is left out, so that the others keep their scores. A track shorter than a window is one frame.
    """
    samples = len(next(iter(estimates.values())))
    references = {name: read_mono(track, name, rate, samples) for name in track.instruments}
    silent = {name: SILENT for name, reference in references.items() if not reference.any()}
    silent |= {name: "silent estimate" for name in references if name not in silent and not estimates[name].any()}
    scored = [name for name in track.instruments if name not in silent]
    window, hop = (min(seconds, samples / rate) for seconds in (settings.window, settings.hop))
    store = museval.TrackStore(track.name, win=window, hop=hop)
    if scored:
        metrics = museval.evaluate(
            np.stack([references[name][:, None] for name in scored]).astype(np.float64),
            np.stack([estimates[name][:, None] for name in scored]).astype(np.float64),
            win=round(window * rate),
            hop=round(hop * rate),
        )
        for number, name in enumerate(scored):
            store.add_target(name, {metric: values[number] for metric, values in zip(METRICS, metrics, strict=True)})
    return TrackScores(track.name, store.json, silent)


def _row(track: str, target: str, frames: list[dict[str, dict[str, float]]]) -> dict[str, str | float]:
    values = pd.DataFrame([frame["metrics"] for frame in frames])
    lost = int(values["SDR"].isna().sum())
    medians = {metric: float(values[metric].median()) for metric in METRICS}
    note = "silence in every frame" if lost == len(frames) else ""
    return {"track": track, "target": target, **medians, "frames": len(frames), "lost": lost, "note": note}
