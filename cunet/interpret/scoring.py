"""Scores of an estimate against every instrument."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cunet.conditions.naming import Conditions, by_name
from cunet.conditions.sets import single_conditions
from cunet.evaluation.bss_eval import sdr_alone
from cunet.interpret.tables import REQUESTED
from cunet.masking.masks import Mask
from cunet.registry.protocols import PROTOCOLS
from cunet.settings.evaluation import Evaluate
from cunet.settings.interpretation import Interpret
from cunet.settings.spectrogram import Spectrogram
from cunet.tracks.track import Track

UNCONDITIONED = 2  # estimates: the mixture, and the network with neutral gammas and betas


def estimates_of_a_track(instruments: Sequence[str], settings: Interpret) -> int:
    """Number of scored estimates: the steps of the path, every instrument, and the unconditioned ones."""
    return settings.steps + len(instruments) + UNCONDITIONED


def score_against_all(
    track: Track, masks: dict[str, Mask], asked: Conditions, spectrogram: Spectrogram, settings: Evaluate
) -> pd.DataFrame:
    """SDR of estimates of a track against every instrument, and against the mix that the condition requests.

    The SDR of BSS Eval does not depend on the other sources, so each is scored alone, which is much faster.

    Args:
        track: the track to score.
        masks: `(bins, frames)`, by the name of the estimate.
        asked: conditions, by the name of the estimate; other estimates are unconditioned.
        spectrogram: settings of the masks' spectrograms.
        settings: settings of the scores.

    Returns:
        one row per estimate and target: estimate, target and SDR, the median over frames.
    """
    protocol = PROTOCOLS[settings.protocol]
    signals = protocol.signals(track, masks, spectrogram)
    frames = protocol.frame_samples(signals, settings)
    instruments = by_name(single_conditions(track.instruments))
    rows = []
    for name, estimate in signals.estimates.items():
        for target, condition in (instruments | ({REQUESTED: asked[name]} if name in asked else {})).items():
            reference = signals.weighted(condition)
            if reference.any() and estimate.any():
                values = sdr_alone(protocol.version, reference, estimate, *frames)
                rows.append((name, target, float(np.nanmedian(values))))
    return pd.DataFrame(rows, columns=["estimate", "target", "SDR"])


def aggregate(tables: Sequence[pd.DataFrame], settings: Evaluate) -> pd.DataFrame:
    """Aggregate the SDR of all tracks' tables: mean or median, by protocol."""
    groups = pd.concat(tables).groupby(["estimate", "target"], sort=False)["SDR"]
    values: pd.Series[float] = groups.mean() if PROTOCOLS[settings.protocol].mean else groups.median()
    return values.reset_index()
