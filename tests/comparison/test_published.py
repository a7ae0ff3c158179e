"""Published figures beside ours."""

import pandas as pd
import pytest

from cunet.comparison.published import published_rows
from cunet.evaluation.bss_eval import METRICS


def scores(protocol: str, tracks: int, frames: int = 240) -> pd.DataFrame:
    names = [f"song {number}" for number in range(tracks)]
    table = pd.DataFrame({"track": names, "target": "vocals", "frames": frames})
    return table.assign(architecture="unet", protocol=protocol, **dict.fromkeys(METRICS, 1.0))


def test_rows_where_data_set_and_protocol_are_theirs() -> None:
    rows = published_rows("musdb18", scores("sisec18", 50))
    figures = dict(zip(zip(rows["architecture"], rows["target"], strict=True), rows["SDR"], strict=True))
    assert figures["Open-Unmix umx (published)", "vocals"] == 6.32
    complex_dense = {target: sdr for (name, target), sdr in figures.items() if name.startswith("C-U-Net complex-dense")}
    assert complex_dense.pop("mean") == pytest.approx(2.66)
    assert complex_dense == {"vocals": 2.5, "drums": 3.49, "bass": 2.8, "other": 1.85}
    assert {target: sdr for (name, target), sdr in figures.items() if name == "Spleeter (published)"} == {"mean": 5.9}
    assert rows["SDR"].notna().all()
    assert set(rows["protocol"]) == {"sisec18"}
    uncompressed = published_rows("musdb18-hq", scores("sisec18", 50))
    assert "Band-Split RNN (published)" in set(uncompressed["architecture"])
    assert not set(uncompressed["architecture"]) & set(rows["architecture"])


@pytest.mark.parametrize(
    ("dataset", "protocol", "tracks"),
    [
        ("musdb18", "model-rate", 50),
        ("musdb18", "paper", 50),
        ("musdb18-7s", "sisec18", 50),
        ("musdb18-hq", "paper", 50),
        ("synthetic", "sisec18", 50),
        ("musdb18", "sisec18", 49),
    ],
)
def test_no_rows_elsewhere(dataset: str, protocol: str, tracks: int) -> None:
    assert published_rows(dataset, scores(protocol, tracks)).empty


def test_no_rows_beside_excerpts() -> None:
    assert published_rows("musdb18", scores("sisec18", 50, frames=7)).empty
