"""What needs a workspace of its own: other data, other parameters."""

import html
import re
import shutil
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import h5py
import pandas as pd
import pytest
import soundfile
from mlflow import MlflowClient

from tests.conftest import TINY, write_song
from tests.pipeline.workspace import BOUNDS, architectures, make_workspace, mlflow_process, runs, store
from tests.tutorials import scripts


def test_a_users_folder_is_compared_and_a_change_reruns_what_depends_on_it(
    songs: Path, programs: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "my songs"
    shutil.copytree(songs, mine)
    for subset in ("train", "test"):
        nasty = unicodedata.normalize("NFD", f"$5 for $x #1 % | <{subset}> né")
        (mine / subset / "song 0").rename(mine / subset / nasty)
        (mine / subset / "song 1").rename(mine / subset / f"song of {subset}")
    for path in sorted(mine.glob("*/*/tone.wav")):
        path.rename(path.with_name(unicodedata.normalize("NFD", "_chœur né") + path.suffix))
    workspace = make_workspace(tmp_path / "workspace", programs, baselines=[])
    train, again, separate = scripts("own_songs")
    workspace.run("bash", "-c", train.replace("folder.root=songs", "'folder.root=../my songs'"))
    table = pd.read_csv(workspace.path / "reports" / "sdr.csv")
    assert architectures(workspace) == ["mixture", "simple-dense-pairs", "ideal-ratio-mask"]
    assert table["target"].unique().tolist() == [
        *("_chœur né", "clicks", "noise", "mean"),
        *("_chœur né+clicks", "_chœur né+noise", "clicks+noise", "mean of 2 instruments"),
    ]
    track = "$5 for $x #1 % | <test> né"
    page = (workspace.path / "reports" / "listen.html").read_text()
    assert f"<h2>{html.escape(track)}</h2>" in page
    pictures = re.findall(r'src="([^"]+)"', (workspace.path / "reports" / "index.html").read_text())
    assert f"spectrograms/{track}.png" in map(unquote, pictures)
    assert all((workspace.path / "reports" / unquote(picture)).exists() for picture in pictures)
    run = runs(store(workspace))["simple-dense-pairs"]
    shown = {file.path for file in MlflowClient(store(workspace)).list_artifacts(run.info.run_id, "spectrograms")}
    assert shown == {"spectrograms/$5 for $x ＃1 ％ | <test> né.png"}
    with mlflow_process(
        workspace.path,
        "server",
        "--serve-artifacts",
        "--artifacts-destination",
        "served",
        "--backend-store-uri",
        "sqlite:///served.db",
    ) as server:
        workspace.run("cunet", "log", MLFLOW_TRACKING_URI=server)
    served = {path.name for path in (workspace.path / "served").rglob("spectrograms/*")}
    assert served == {path.removeprefix("spectrograms/") for path in shown}

    write_song(mine / "test" / "new", seed=50)
    (mine / "test" / "new" / "tone.wav").rename(mine / "test" / "new" / "_chœur né.wav")
    ran = workspace.stages_run("bash", "-c", again)
    assert set(ran) == {
        "download@test",
        "spectrograms@test",
        "conditions",
        "evaluate@0",
        "interpret",
        "examples",
        *BOUNDS,
        "compare",
    }
    assert pd.read_csv(workspace.path / "reports" / "sdr.csv")["tracks"].eq(3).all()

    shutil.rmtree(mine / "test" / "new")
    assert workspace.stages_run("dvc", "repro") == ["compare"]  # the others were seen before, and are restored
    assert pd.read_csv(workspace.path / "reports" / "sdr.csv")["tracks"].eq(2).all()

    soundfile.write(workspace.path / "song.mp3", soundfile.read(mine / "test" / "song of test" / "noise.wav")[0], 22050)
    workspace.run("bash", "-c", separate)
    made = (workspace.path / "separated" / "song").iterdir()
    assert sorted(path.name for path in made) == ["_chœur né.wav", "clicks.wav", "noise.wav"]

    (mine / "train" / "song 2" / "noise.wav").unlink()
    result = workspace.run("dvc", "repro", check=False)
    assert result.returncode != 0
    assert "song 2: has _chœur né, clicks, but $5 for $x #1 % | <train> né has _chœur né, clicks, noise" in (
        result.stderr
    )


def test_other_instruments_in_the_test_tracks_are_one_line(prepared: Path, programs: Path, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace", programs, dataset="folder")
    other = tmp_path / "other"
    other.mkdir()
    with h5py.File(prepared / "test" / "song 0.h5") as source, h5py.File(other / "song 0.h5", "w") as file:
        file.attrs.update(source.attrs)
        file["mixture"] = source["mixture"][()]
        for name, renamed in (("noise", "noise"), ("tone", "flute")):
            file[f"sources/{renamed}"] = source[f"sources/{name}"][()]
    result = workspace.run("python", "-m", "stages.conditions", str(prepared / "train"), str(other), "out", check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "error: the training tracks have clicks, noise, tone, but the test tracks flute, noise. "
        "Give them the same instruments."
    )
    assert not (workspace.path / "out").exists()


@pytest.mark.slow
def test_every_variant_and_every_set_of_conditions_goes_through_the_chain(tmp_path: Path) -> None:
    original = ["unet", "simple-dense", "simple-conv", "complex-dense", "complex-conv"]
    placed = ["simple-dense-decoder", "complex-conv-both-everything"]
    told = ["simple-dense-combinations", "complex-dense-between"]
    workspace = make_workspace(
        tmp_path / "workspace",
        baselines=[*original, *placed, *told],
        evaluate=TINY["evaluate"] | {"conditions": "everything"},
    )
    workspace.run("dvc", "repro")
    assert architectures(workspace) == [
        *("mixture", *original, *placed, *told, "simple-dense-pairs", "ideal-ratio-mask")
    ]
    table = pd.read_csv(workspace.path / "reports" / "sdr.csv")
    groups = ["single", "2 instruments", "3 instruments", "in between", "4 instruments"]
    assert sorted(table["group"].unique()) == sorted(groups)
    trained = table[~table["architecture"].isin(["mixture", "ideal-ratio-mask"])]
    assert trained["SDR"].notna().all()
    differences = pd.read_csv(workspace.path / "reports" / "differences.csv")
    assert len(differences[differences["target"] == "mean"]) == 10 * 9 / 2
