"""What the control learned: gammas, betas, the path, and the U-Net left alone."""

from pathlib import Path

import pandas as pd
import pytest

from cunet.errors import UserError
from cunet.interpret.interpret import interpret
from cunet.masking.separator import Separator
from cunet.params import Params
from cunet.settings.interpretation import Interpret
from cunet.tracks import folder
from tests.conftest import TRIO


def test_the_tables_are_there(
    params: Params, prepared: Path, songs: Path, separator: Separator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    settings = Interpret(path=["tone", "clicks"], steps=3, tracks=2)
    arguments = (folder.tracks(songs / "test"), prepared / "test", params.spectrogram, params.evaluate)
    interpret(separator, *arguments, settings, params.dask, out)
    scores = pd.read_csv(out / "path.csv", dtype={"estimate": str})
    assert scores["estimate"].unique().tolist() == ["0.00", "0.50", "1.00"]
    assert sorted(scores["target"].unique()) == sorted([*TRIO, "requested mix"])
    assert scores["SDR"].notna().all()
    ends = scores.set_index(["estimate", "target"])["SDR"]
    assert ends["0.00", "requested mix"] == pytest.approx(ends["0.00", "tone"], abs=1e-3)
    assert ends["1.00", "requested mix"] == pytest.approx(ends["1.00", "clicks"], abs=1e-3)
    table = pd.read_csv(out / "neutral.csv").set_index("estimate")
    assert table.index.tolist() == ["mixture", "neutral", *TRIO]
    assert table.loc["tone", "tone"] == pytest.approx(ends["0.00", "tone"], abs=1e-3)
    conditions = pd.read_csv(out / "modulation.csv")["condition"].unique().tolist()
    assert conditions == [*TRIO, "all", "none"]
    on_path = pd.read_csv(out / "path_modulation.csv", dtype={"condition": str})
    assert on_path["condition"].unique().tolist() == ["0.00", "0.50", "1.00"]


def test_an_unknown_instrument_on_the_path_is_one_line(
    params: Params, prepared: Path, songs: Path, separator: Separator, tmp_path: Path
) -> None:
    settings = Interpret(path=["tone", "trumpet"], steps=3, tracks=2)
    arguments = (folder.tracks(songs / "test"), prepared / "test", params.spectrogram, params.evaluate)
    with pytest.raises(
        UserError, match=r"interpret\.path: unknown instrument trumpet; the tracks have clicks, noise, tone"
    ):
        interpret(separator, *arguments, settings, params.dask, tmp_path)
