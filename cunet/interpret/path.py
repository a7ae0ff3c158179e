"""The path between two conditions: what the network makes of every step, by score and by ear."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cunet.datasets.track import Track
from cunet.evaluation.masks import Mask
from cunet.evaluation.protocols import PROTOCOLS
from cunet.params import Evaluate, Spectrogram
from cunet.preprocess.conditions import Condition, Conditions, by_name, single_conditions

ASKED = "what was asked for"


def path(instruments: Sequence[str], start: str, end: str, steps: int) -> dict[str, Condition]:
    """Conditions from `start` alone to `end` alone, by the weight of `end`: `0.00` to `1.00`."""
    nothing = dict.fromkeys(instruments, 0.0)
    return {f"{t:.2f}": nothing | {start: 1 - t, end: t} for t in np.linspace(0, 1, steps).tolist()}


def score_against_all(
    track: Track, masks: dict[str, Mask], asked: Conditions, spectrogram: Spectrogram, settings: Evaluate
) -> pd.DataFrame:
    """SDR of some estimates of a track against every instrument, and against what was asked for.

    The SDR of BSS Eval does not depend on the other sources, so each is scored alone, which is much faster.

    Args:
        track: to score.
        masks: `(bins, frames)`, by the name of the estimate.
        asked: condition of an estimate, by its name; others were told nothing.
        spectrogram: settings that the masks belong to.
        settings: of the scores.

    Returns:
        a row an estimate and target: estimate, target and SDR, the median over frames.
    """
    protocol = PROTOCOLS[settings.protocol]
    signals = protocol.signals(track, masks, spectrogram)
    window, hop = protocol.frames(signals, settings)
    instruments = by_name(single_conditions(track.instruments))
    rows = []
    for name, estimate in signals.estimates.items():
        for target, condition in (instruments | ({ASKED: asked[name]} if name in asked else {})).items():
            reference = signals.weighted(condition)
            if reference.any() and estimate.any():
                values = protocol.bss_eval({target: reference}, {target: estimate}, signals.rate, window, hop)
                rows.append((name, target, float(np.nanmedian(values[target]["SDR"]))))
    return pd.DataFrame(rows, columns=["estimate", "target", "SDR"])


def over_tracks(tables: Sequence[pd.DataFrame], settings: Evaluate) -> pd.DataFrame:
    """SDR over tracks, as the protocol says, of the tables of all tracks."""
    groups = pd.concat(tables).groupby(["estimate", "target"], sort=False)["SDR"]
    values: pd.Series[float] = groups.mean() if PROTOCOLS[settings.protocol].mean else groups.median()
    return values.reset_index()


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
