"""Scores of a track by a protocol, in museval's JSON format."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cunet.conditions.naming import SINGLE, Conditions, condition_group
from cunet.errors import UserError
from cunet.evaluation.bss_eval import METRICS, WHOLE_TRACK, is_silent, whole_track
from cunet.evaluation.protocols import Signals
from cunet.files import put_in_place, synchronise
from cunet.masking.masks import Mask
from cunet.registry.protocols import PROTOCOLS
from cunet.settings.evaluation import Evaluate
from cunet.settings.spectrogram import Spectrogram
from cunet.tracks.track import Track

SILENT = "silent reference"
UNSCORED = "no finite score in any frame"  # each has a silent source, or the estimate is perfect
COLUMNS = ["track", "target", "group", *METRICS, *WHOLE_TRACK, "frames", "lost", "note"]
CHECKED = 10  # seconds of a track that museval also scores
TOLERANCE = 1e-4  # dB
EXACT = 80  # dB; above, differences are ignored: the error is a ten-thousandth of the signal


@dataclass(frozen=True)
class TrackScores:
    """Scores of one track.

    Attributes:
        json: content of museval's file: the metrics of every frame and target; NaN for lost frames.
        whole: scores over the whole track, by target.
        silent: reasons for omitted targets: they or their estimates are silent in the whole track.
        groups: groups of all targets, in the order of the table.
    """

    track: str
    json: str
    whole: dict[str, dict[str, float]]
    silent: dict[str, str]
    groups: dict[str, str]

    def table(self) -> pd.DataFrame:
        """One row per target: median of each metric over frames, number of frames, and frames lost to silence."""
        frames = {target["name"]: target["frames"] for target in json.loads(self.json)["targets"]}
        rows = [
            {"track": self.track, "target": name, "group": group, **self._row(name, frames.get(name, []))}
            for name, group in self.groups.items()
        ]
        return pd.DataFrame(rows, columns=COLUMNS)

    def _row(self, target: str, frames: list[dict[str, dict[str, float]]]) -> dict[str, str | float]:
        if target in self.silent:
            return {"frames": 0, "lost": 0, "note": self.silent[target]}
        values = pd.DataFrame([frame["metrics"] for frame in frames])
        lost = int(values["SDR"].isna().sum())
        medians = {metric: float(values[metric].median()) for metric in METRICS}
        note = UNSCORED * (lost == len(frames))
        return {**medians, **self.whole[target], "frames": len(frames), "lost": lost, "note": note}

    def write(self, folder: Path) -> None:
        """Write `<track>.json`, and the table as `<track>.csv`, which exists only when both are complete."""
        frames, part = folder / f"{self.track}.json", folder / f"{self.track}.csv.part"
        frames.write_text(self.json + "\n")
        synchronise(frames)
        self.table().to_csv(part, index=False)
        put_in_place(part, folder / f"{self.track}.csv")


def score_track(
    track: Track,
    masks: dict[str, Mask],
    conditions: Conditions,
    spectrogram: Spectrogram,
    settings: Evaluate,
    check: bool = False,
) -> TrackScores:
    """Score a track's mixture under the masks `(bins, frames)` of all conditions.

    Raises:
        UserError: with `check`, museval's scores differ.
    """
    signals = PROTOCOLS[settings.protocol].signals(track, masks, spectrogram)
    if check:
        check_against_museval(track.name, signals, conditions, settings)
    return score_signals(track.name, signals, conditions, settings)


def score_signals(name: str, signals: Signals, conditions: Conditions, settings: Evaluate) -> TrackScores:
    """Score the estimates of a track called `name`, each against the weighted sum of sources of its condition.

    museval sets a frame to NaN for every source if one is silent in it. A target that is silent in the whole track is
    omitted, so that the others keep their scores.
    """
    from museval import TrackStore  # takes seconds to import

    protocol = PROTOCOLS[settings.protocol]
    silent = silence(signals, conditions)
    window, hop = protocol.frames(signals, settings)
    store = TrackStore(name, win=window, hop=hop)
    scored = {target: z for target, z in conditions.items() if target not in silent}
    for target, values in protocol.score(signals, scored, settings).items():
        store.add_target(target, values)
    whole = {target: whole_track(signals.weighted(z), signals.estimates[target]) for target, z in scored.items()}
    groups = {target: condition_group(z) for target, z in conditions.items()}
    return TrackScores(name, store.json, whole, silent, groups)


def silence(signals: Signals, conditions: Conditions) -> dict[str, str]:
    """Targets without a score, and the reason: they or their estimates are silent in the whole track."""
    silent = {target: SILENT for target, z in conditions.items() if is_silent(signals.weighted(z))}
    for target in conditions:
        if is_silent(signals.estimates[target]):
            silent.setdefault(target, "silent estimate")
    return silent


def check_against_museval(name: str, signals: Signals, conditions: Conditions, settings: Evaluate) -> None:
    """Compare the scores of an excerpt's single instruments with museval's, if museval can score it.

    Raises:
        UserError: the scores differ.
    """
    excerpt = signals.middle(CHECKED)
    silent = silence(excerpt, conditions)
    single = {target: z for target, z in conditions.items() if condition_group(z) == SINGLE and target not in silent}
    protocol = PROTOCOLS[settings.protocol]
    ours = protocol.score(excerpt, single, settings.model_copy(update={"engine": "bsseval"}))
    try:
        theirs = protocol.score(excerpt, single, settings.model_copy(update={"engine": "museval"}))
    except (np.linalg.LinAlgError, AttributeError):  # museval uses a name of the first that NumPy 2 lacks
        print(f"{name}: not checked against museval, which cannot score it: a source is a sum of others")
        return
    for target in single:
        for metric in METRICS:
            one, other = (np.clip(scores[target][metric], -EXACT, EXACT) for scores in (ours, theirs))
            if not np.allclose(one, other, rtol=0, atol=TOLERANCE, equal_nan=True):
                raise UserError(
                    f"{name}: the {metric} of {target} differs from museval's by {np.nanmax(np.abs(one - other)):.1e} "
                    "dB. If a source is almost a sum of others, its score is undefined; otherwise, report this with "
                    "the track. To score with museval, set evaluate.engine=museval."
                )
