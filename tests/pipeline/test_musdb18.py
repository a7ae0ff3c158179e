"""The pipeline on trees in the real formats of MUSDB18."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import TINY
from tests.datasets.archive_server import serve
from tests.datasets.musdb_trees import NAMES, VALIDATION, write_stem_tree, write_wav_tree, zip_tree
from tests.pipeline.workspace import Workspace, make_workspace, runs, store
from tests.tutorials import scripts


def evaluate(protocol: str) -> dict[str, object]:
    return {**TINY["evaluate"], "protocol": protocol}


def tracks(workspace: Workspace, table: str) -> set[str]:
    return set(pd.read_csv(workspace.path / "data" / "indexes" / table)["track"])


def test_stems_from_a_server_by_the_protocol_of_the_paper(programs: Path, tmp_path: Path) -> None:
    archive = zip_tree(write_stem_tree(tmp_path / "tree", seconds=3), tmp_path / "musdb18.zip")
    checksum = f"md5:{hashlib.md5(archive.read_bytes()).hexdigest()}"
    changes: dict[str, object] = {
        "baselines": [],
        "evaluate": evaluate("paper"),
        "examples": {"tracks": 0, "seconds": 3},
    }
    workspace = make_workspace(tmp_path / "workspace", programs, **changes)
    with serve(archive.read_bytes()) as server:
        workspace.params(musdb={"source": f"{server.address}/musdb18.zip", "checksum": checksum})
        excerpts, _ = scripts("musdb18")
        workspace.run("bash", "-c", excerpts)
        assert len(server.requests) == 1
    assert tracks(workspace, "validation.csv") == {VALIDATION}
    assert tracks(workspace, "training.csv") == set(NAMES["train"]) - {VALIDATION}
    table = pd.read_csv(workspace.path / "reports" / "sdr.csv")
    assert list(table["architecture"].unique()) == ["mixture", "simple-dense-pairs", "ideal-ratio-mask"]
    assert set(table["protocol"]) == {"paper"}
    assert table[["SDR", "SDR std"]].notna().all(axis=None)
    assert table["ISR"].isna().all()
    text = (workspace.path / "reports" / "sdr.md").read_text()
    assert "BSS Eval v3" in text
    assert "±" in text
    assert "Examples" not in (workspace.path / "reports" / "index.html").read_text()  # no track is one
    run = runs(store(workspace))["simple-dense-pairs"]
    assert run.data.params["evaluate.protocol"] == "paper"
    mean = table.set_index(["architecture", "target"])["SDR"]["simple-dense-pairs", "mean"]
    assert run.data.metrics["sdr/mean"] == pytest.approx(mean, abs=1e-3)
    assert not list(workspace.path.rglob("*.part"))


def test_a_refused_download_is_one_line_and_leaves_nothing(programs: Path, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace", programs, dataset="musdb18")
    with serve(b"") as server:
        server.faults.status = 404
        workspace.params(musdb={"source": f"{server.address}/musdb18.zip", "checksum": f"md5:{0:032}"})
        result = workspace.run("dvc", "repro", "-s", "download@train", check=False)
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert "status 404" in line
    assert "Traceback" not in result.stderr
    assert not list((workspace.path / "data").rglob("*.mp4"))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["musdb18", "musdb18-hq"])
@pytest.mark.parametrize("packed", [False, True])
def test_either_layout_from_a_folder_or_archive_by_the_protocol_of_sisec18(
    tmp_path: Path, dataset: str, packed: bool
) -> None:
    write = write_stem_tree if dataset == "musdb18" else write_wav_tree
    tree = write(tmp_path / "tree", seconds=6)
    source = zip_tree(tree, tmp_path / "tree.zip") if packed else tree
    workspace = make_workspace(
        tmp_path / "workspace",
        dataset=dataset,
        musdb={"source": str(source), "checksum": None},
        evaluate=evaluate("sisec18"),
    )
    workspace.run("dvc", "repro")
    assert tracks(workspace, "validation.csv") == {VALIDATION}
    table = pd.read_csv(workspace.path / "reports" / "sdr.csv")
    assert list(table["architecture"].unique()) == ["mixture", "unet", "simple-dense-pairs", "ideal-ratio-mask"]
    assert table["SDR"].notna().all()
    assert "as SiSEC 2018" in (workspace.path / "reports" / "sdr.md").read_text()
    assert runs(store(workspace))["unet"].data.params["evaluate.protocol"] == "sisec18"
