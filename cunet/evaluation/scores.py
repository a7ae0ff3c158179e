"""Scores of a track by one of the protocols, in museval's own JSON format."""

import json
from dataclasses import dataclass
from pathlib import Path

import museval
import pandas as pd

from cunet.datasets.track import Track
from cunet.evaluation.masks import Mask
from cunet.evaluation.protocols import METRICS, PROTOCOLS, Signals
from cunet.params import Evaluate, Spectrogram

SILENT = "silent reference"
COLUMNS = ["track", "target", *METRICS, "frames", "lost", "note"]


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
        return pd.DataFrame(rows, columns=COLUMNS).sort_values("target", ignore_index=True)

    def write(self, folder: Path) -> None:
        """Write `<track>.json`, and the table as `<track>.csv`, which is there only when both are whole."""
        (folder / f"{self.track}.json").write_text(self.json + "\n")
        part = folder / f"{self.track}.csv.part"
        self.table().to_csv(part, index=False)
        part.replace(folder / f"{self.track}.csv")


def score_track(track: Track, masks: dict[str, Mask], spectrogram: Spectrogram, settings: Evaluate) -> TrackScores:
    """Score what the masks `(bins, frames)` of all sources leave of a track's mixture."""
    return score_signals(track.name, PROTOCOLS[settings.protocol].signals(track, masks, spectrogram), settings)


def score_signals(name: str, signals: Signals, settings: Evaluate) -> TrackScores:
    """Score the estimates of a track called `name` against their references.

    museval turns a frame to NaN for every source when one is silent in it. A source that is silent in the
    whole track is left out, so that the others keep their scores. A track shorter than a window is one frame.
    """
    protocol = PROTOCOLS[settings.protocol]
    silent = {source: SILENT for source, reference in signals.references.items() if not reference.any()}
    for source, estimate in signals.estimates.items():
        if not estimate.any():
            silent.setdefault(source, "silent estimate")
    scored = [source for source in signals.references if source not in silent]
    whole = signals.seconds
    window, hop = (whole, whole) if protocol.whole_tracks else (min(settings.window, whole), min(settings.hop, whole))
    store = museval.TrackStore(name, win=window, hop=hop)
    if scored:
        for source, values in protocol.bss_eval(scored, signals, window, hop).items():
            store.add_target(source, values)
    return TrackScores(name, store.json, silent)


def _row(track: str, target: str, frames: list[dict[str, dict[str, float]]]) -> dict[str, str | float]:
    values = pd.DataFrame([frame["metrics"] for frame in frames])
    lost = int(values["SDR"].isna().sum())
    medians = {metric: float(values[metric].median()) for metric in METRICS}
    note = "silence in every frame" if lost == len(frames) else ""
    return {"track": track, "target": target, **medians, "frames": len(frames), "lost": lost, "note": note}
