"""Pictures of what a control network learned."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd

from cunet.report.interpretation_plots import draw_modulations, draw_path, draw_projection

BLOCKS = {"encoder_1": 1, "encoder_2": 4}


def modulation(conditions: list[str], spread: float = 1.0) -> pd.DataFrame:
    """Gammas and betas as far from neutral as `spread`."""
    rng = np.random.default_rng(0)
    rows = [
        (condition, kind, block, number, neutral + spread * rng.uniform(-1, 1))
        for condition in conditions
        for kind, neutral in (("gamma", 1), ("beta", 0))
        for block, maps in BLOCKS.items()
        for number in range(1, maps + 1)
    ]
    return pd.DataFrame(rows, columns=["condition", "kind", "block", "map", "value"])


def pixels(path: Path) -> np.ndarray:
    return matplotlib.image.imread(path)[..., :3]


def coloured(path: Path) -> float:
    """Share of the pixels that are neither white, grey nor black."""
    return float((np.ptp(pixels(path), axis=-1) > 0.1).mean())


def test_neutral_values_are_pale_and_others_are_not(tmp_path: Path) -> None:
    names = ["bass", "drums"]
    for kind in ("gamma", "beta"):
        draw_modulations(modulation(names, spread=0), kind, tmp_path / "neutral.png")
        draw_modulations(modulation(names), kind, tmp_path / "other.png")
        assert coloured(tmp_path / "other.png") > 2 * coloured(tmp_path / "neutral.png")


def test_there_is_a_row_per_condition(tmp_path: Path) -> None:
    for count in (2, 20):
        draw_modulations(
            modulation([f"condition {number}" for number in range(count)]), "gamma", tmp_path / f"{count}.png"
        )
    few, many = (pixels(tmp_path / f"{count}.png").shape for count in (2, 20))
    assert many[0] - few[0] > 300
    assert many[1] == few[1]


def test_conditions_and_path_are_drawn_where_their_values_are(tmp_path: Path) -> None:
    names, steps = ["bass", "drums", "vocals"], ["0.00", "0.50", "1.00"]
    table = modulation([*names, *steps])
    moved = table.copy()
    moved.loc[moved["condition"] == "0.50", "value"] += 1
    groups = dict.fromkeys(names, "single")
    for name, values in {"a": table, "b": table, "c": moved}.items():
        draw_projection(values, groups, steps, tmp_path / f"{name}.png")
    a, b, c = (pixels(tmp_path / f"{name}.png") for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert a.shape != c.shape or np.abs(a - c).max() > 0.1


def test_the_path_shows_every_instrument_and_its_ends_bolder(tmp_path: Path) -> None:
    targets = ("bass", "drums", "vocals")
    rows = [
        (step, target, place + 3 * number)
        for number, target in enumerate((*targets, "requested mix"))
        for place, step in enumerate(("0.00", "0.50", "1.00"))
    ]
    scores = pd.DataFrame(rows, columns=["estimate", "target", "SDR"])
    draw_path(scores, "bass", "drums", 2, tmp_path / "path.png")
    draw_path(scores[scores["target"] != "vocals"], "bass", "drums", 2, tmp_path / "without.png")
    assert coloured(tmp_path / "path.png") > coloured(tmp_path / "without.png") > 0
