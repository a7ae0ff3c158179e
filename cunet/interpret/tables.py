"""The tables of an interpretation: file names, and labels in them."""

from pathlib import Path

import pandas as pd

from cunet.conditions.naming import Conditions, by_name
from cunet.models.architecture import Architecture

MODULATION, PATH_MODULATION = "modulation.csv", "path_modulation.csv"
PATH_SDR, NEUTRAL_SDR = "path.csv", "neutral.csv"
KINDS = {"gamma": 1.0, "beta": 0.0}  # with the neutral value, which leaves feature maps unchanged
NEUTRAL, PATH = "neutral", "path"
REQUESTED = "requested mix"


def shown_conditions(architecture: Architecture) -> Conditions:
    """Conditions whose gammas and betas are shown: the training conditions, all, and none."""
    names = list(architecture.instruments)
    ends = pd.DataFrame([dict.fromkeys(names, weight) for weight in (1.0, 0.0)])
    return by_name(pd.DataFrame(architecture.conditions, columns=names)) | by_name(ends)


def read_modulation(path: Path) -> pd.DataFrame:
    """Gammas and betas: one row per value, with condition, kind, block, map and value."""
    return pd.read_csv(path, dtype={"condition": str}, keep_default_na=False)


def read_path_sdr(folder: Path) -> pd.DataFrame:
    """SDR along the path: one row per step and target, with estimate (the step), target and SDR in dB."""
    return pd.read_csv(folder / PATH_SDR, dtype={"estimate": str, "target": str}, keep_default_na=False)


def read_neutral_sdr(folder: Path) -> pd.DataFrame:
    """SDR in dB of the mixture, the U-Net alone and every instrument's estimate (index) against every instrument."""
    table = pd.read_csv(folder / NEUTRAL_SDR, dtype={"estimate": str}, keep_default_na=False, na_values=[""])
    return table.set_index("estimate")
