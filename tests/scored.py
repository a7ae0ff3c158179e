"""Scores of a mixture and a network on three tracks."""

from pathlib import Path

import numpy as np
import pandas as pd

from cunet.comparison.comparison import Comparison
from cunet.comparison.convergence import convergence
from cunet.comparison.statistics import SEEDS, differences
from cunet.comparison.tables import summarise
from cunet.params import Params
from cunet.registry.sections import SECTIONS
from cunet.report.document import Section

COLUMNS = ["architecture", "protocol", "track", "target", "group", "SDR", "ISR", "SIR", "SAR", "frames", "lost", "note"]


def scores_of_three_tracks() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for name, gain in (("mixture", 0.0), ("simple-dense", 5.0)):
        for track, sdr in (("x", 1.0), ("y", 2.0), ("z", 9.0)):
            rows.append((name, "model-rate", track, "vocals", "single", sdr + gain, 1, 1, 1, 40, 3, ""))
            silent = track == "z"
            values = [np.nan] * 4 if silent else [sdr + gain + 2, 1, 1, 1]
            note = "silent reference" if silent else ""
            rows.append(
                (name, "model-rate", track, "bass", "single", *values, 0 if silent else 40, 0 if silent else 3, note)
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(**{"SI-SDR": table["SDR"] - 1, "SDR 2021": table["SDR"] + 1})


def scores_by_the_paper() -> pd.DataFrame:
    """Scores of dedicated networks on two tracks, in the paper's protocol."""
    sdr = {("x", "bass"): 1.0, ("y", "bass"): 5.0, ("x", "vocals"): 2.0, ("y", "vocals"): 2.0}
    rows = [("unet", "paper", *key, "single", value, np.nan, 0.0, 0.0, 1, 0, "") for key, value in sdr.items()]
    return pd.DataFrame(rows, columns=COLUMNS).assign(**{"SI-SDR": 0.0, "SDR 2021": 0.0})


def with_combinations(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores, and those of a pair and of an instrument at half its level."""
    pair = scores[scores["target"] == "vocals"].assign(target="bass+vocals", group="2 instruments")
    return pd.concat([scores, pair, pair.assign(target="0.5 bass", group="in between", SDR=-1.0)])


def with_many_conditions(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores, and those of forty conditions with other weights than one."""
    vocals = scores[scores["target"] == "vocals"]
    return pd.concat([scores, *(vocals.assign(target=f"{number} a", group="in between") for number in range(40))])


def of_many_instruments(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of twelve instruments."""
    vocals = scores[scores["target"] == "vocals"]
    return pd.concat([vocals.assign(target=f"instrument {number}") for number in range(12)])


def with_a_perfect_estimate(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores, and those of all instruments together, which the mixture is."""
    pair = scores[scores["target"] == "vocals"].assign(target="all", group="2 instruments")
    pair.loc[pair["architecture"] == "mixture", "SDR"] = 131.0
    return pd.concat([scores, pair])


def sections(name: str, scores: pd.DataFrame, params: Params, report: Path = Path()) -> list[Section]:
    """What a section of the report says of some scores."""
    summary = summarise(scores).assign(**{SEEDS: 1})
    curves = pd.concat(
        pd.DataFrame({"network": name, "epoch": range(1, 9), "patches": patches, "loss": losses})
        for patches in ("training", "validation")
        for name, losses in (("a", [4, 3, 2, 1, 1, 1, 1, 1]), ("b", [8, 7, 6, 5, 4, 3, 2, 1]), ("c", range(1, 9)))
    )
    costs = pd.DataFrame({"architecture": ["simple-dense"]})
    compared = differences(scores.assign(seed=0), list(scores["architecture"].unique()), params.compare)
    trained = convergence(curves, params.compare.still_falling)
    comparison = Comparison(params, scores, scores, summary, summary, compared, costs, curves, trained)
    return SECTIONS[name](comparison, report)
