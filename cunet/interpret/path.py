"""The path between two conditions: what the network makes of every step, by score and by ear."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from distributed import Client

from cunet import cluster
from cunet.datasets.track import Track
from cunet.evaluation.masks import Mask
from cunet.evaluation.protocols import PROTOCOLS
from cunet.evaluation.scores import score_track
from cunet.params import Evaluate, Spectrogram
from cunet.preprocess.conditions import Condition, Conditions, by_name, single_conditions

ASKED = "what was asked for"


def path(instruments: Sequence[str], start: str, end: str, steps: int) -> dict[str, Condition]:
    """Conditions from `start` alone to `end` alone, by the weight of `end`: `0.00` to `1.00`."""
    nothing = dict.fromkeys(instruments, 0.0)
    return {f"{t:.2f}": nothing | {start: 1 - t, end: t} for t in np.linspace(0, 1, steps).tolist()}


def score_against_all(
    masks: dict[str, dict[str, Mask]],
    asked: Conditions,
    tracks: Sequence[Track],
    spectrogram: Spectrogram,
    settings: Evaluate,
    client: Client,
) -> pd.DataFrame:
    """Scores of some estimates against every instrument, and against what was asked for.

    Args:
        masks: of every track, by the name of an estimate.
        asked: condition of an estimate, by its name; others were told nothing.
        tracks: to score.
        spectrogram: settings that the masks belong to.
        settings: of the scores.
        client: of the cluster that does the work.

    Returns:
        SDR over tracks, as the protocol says: a row an estimate and target, in the columns estimate, target and SDR.
    """
    instruments = by_name(single_conditions(tracks[0].instruments))

    def arguments(step: tuple[int, str]) -> tuple[Track, dict[str, Mask], Conditions, Spectrogram, Evaluate]:
        track, name = tracks[step[0]], step[1]
        conditions = instruments | ({ASKED: asked[name]} if name in asked else {})
        return track, dict.fromkeys(conditions, masks[track.name][name]), conditions, spectrogram, settings

    steps = [(number, name) for number, track in enumerate(tracks) for name in masks[track.name]]
    scored = dict(cluster.for_each(client, score_track, steps, arguments, "control: scores", unit="estimate"))
    tables = [scored[step].table().assign(estimate=step[1]) for step in steps]
    groups = pd.concat(tables).groupby(["estimate", "target"], sort=False)["SDR"]
    over_tracks: pd.Series[float] = groups.mean() if PROTOCOLS[settings.protocol].mean else groups.median()
    return over_tracks.reset_index()


def glide(masks: Sequence[Mask], seconds: float, settings: Spectrogram) -> Mask:
    """One mask that goes through all the masks `(bins, frames)`, from first to last, in the middle `seconds`."""
    stack = np.stack(masks)
    frames, length = stack.shape[2], seconds * settings.sample_rate / settings.hop
    time = np.clip((np.arange(frames) - (frames - length) / 2) / length, 0, 1)
    place = time * (len(masks) - 1)
    lower = np.minimum(place.astype(int), len(masks) - 2)
    share = (place - lower).astype(np.float32)
    columns = np.arange(frames)
    earlier, later = (stack[number, :, columns].T for number in (lower, lower + 1))
    mask: Mask = (1 - share) * earlier + share * later
    return mask
