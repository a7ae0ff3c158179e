"""Scores of a mixture and a network on three tracks."""

from pathlib import Path

import numpy as np
import pandas as pd

from cunet.comparison.comparison import Comparison
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


def sections(name: str, scores: pd.DataFrame, params: Params, report: Path = Path()) -> list[Section]:
    """What a section of the report says of some scores."""
    summary, nothing = summarise(scores).assign(**{SEEDS: 1}), pd.DataFrame()
    compared = differences(scores, list(scores["architecture"].unique()), params.compare)
    return SECTIONS[name](Comparison(params, scores, scores, summary, summary, compared, nothing, nothing), report)
