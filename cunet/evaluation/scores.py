"""Scores of a track by one of the protocols, in museval's own JSON format."""

import json
from dataclasses import dataclass
from pathlib import Path

import museval
import pandas as pd

from cunet.datasets.track import Track
from cunet.evaluation.masks import Mask
from cunet.evaluation.protocols import METRICS, PROTOCOLS, Signals
from cunet.evaluation.targets import Conditions, condition_group
from cunet.params import Evaluate, Spectrogram

SILENT = "silent reference"
UNSCORED = "no finite score in any frame"  # something is silent in each, or the estimate perfect
COLUMNS = ["track", "target", "group", *METRICS, "frames", "lost", "note"]


@dataclass(frozen=True)
class TrackScores:
    """Scores of one track.

    Attributes:
        json: museval's file: the metrics of every frame and target; NaN where a frame is lost.
        silent: targets left out, since they or their estimates are silent in the whole track, and why.
        groups: of all targets, in the order of the table.
    """

    track: str
    json: str
    silent: dict[str, str]
    groups: dict[str, str]

    def table(self) -> pd.DataFrame:
        """A row a target: median of each metric over frames, number of frames, and of those lost to silence."""
        frames = {target["name"]: target["frames"] for target in json.loads(self.json)["targets"]}
        rows = [
            {"track": self.track, "target": name, "group": group, **_row(frames.get(name, []), self.silent.get(name))}
            for name, group in self.groups.items()
        ]
        return pd.DataFrame(rows, columns=COLUMNS)

    def write(self, folder: Path) -> None:
        """Write `<track>.json`, and the table as `<track>.csv`, which is there only when both are whole."""
        (folder / f"{self.track}.json").write_text(self.json + "\n")
        part = folder / f"{self.track}.csv.part"
        self.table().to_csv(part, index=False)
        part.replace(folder / f"{self.track}.csv")


def score_track(
    track: Track, masks: dict[str, Mask], conditions: Conditions, spectrogram: Spectrogram, settings: Evaluate
) -> TrackScores:
    """Score what the masks `(bins, frames)` of all conditions leave of a track's mixture."""
    signals = PROTOCOLS[settings.protocol].signals(track, masks, spectrogram)
    return score_signals(track.name, signals, conditions, settings)


def score_signals(name: str, signals: Signals, conditions: Conditions, settings: Evaluate) -> TrackScores:
    """Score the estimates of a track called `name`, each against the sum of the sources that its condition asks for.

    museval turns a frame to NaN for every source when one is silent in it. A target that is silent in the
    whole track is left out, so that the others keep their scores.
    """
    protocol = PROTOCOLS[settings.protocol]
    silent = {target: SILENT for target, z in conditions.items() if not signals.weighted(z).any()}
    for target in conditions:
        if not signals.estimates[target].any():
            silent.setdefault(target, "silent estimate")
    window, hop = protocol.frames(signals, settings)
    store = museval.TrackStore(name, win=window, hop=hop)
    scored = {target: z for target, z in conditions.items() if target not in silent}
    for target, values in protocol.score(signals, scored, window, hop).items():
        store.add_target(target, values)
    groups = {target: condition_group(z) for target, z in conditions.items()}
    return TrackScores(name, store.json, silent, groups)


def _row(frames: list[dict[str, dict[str, float]]], silent: str | None) -> dict[str, str | float]:
    if silent:
        return {"frames": 0, "lost": 0, "note": silent}
    values = pd.DataFrame([frame["metrics"] for frame in frames])
    lost = int(values["SDR"].isna().sum())
    medians = {metric: float(values[metric].median()) for metric in METRICS}
    return {**medians, "frames": len(frames), "lost": lost, "note": UNSCORED * (lost == len(frames))}
