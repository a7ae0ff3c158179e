"""What MLflow holds after the pipeline."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import keras
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from cunet.store import fingerprint
from cunet.tracking.note import UNLOGGED, Note
from tests.pipeline.workspace import Workspace, make_workspace, mlflow_process, runs, store

TARGETS = ("bass", "drums", "other", "vocals", "mean")


def test_each_architecture_and_bound_has_a_run_with_its_sdr(pipeline: Workspace) -> None:
    table = pd.read_csv(pipeline.path / "reports" / "sdr.csv").set_index(["architecture", "target"])
    found = runs(store(pipeline))
    for name in ("mixture", "unet", "simple-dense-pairs", "ideal-ratio-mask"):
        run = found[name]
        assert run.info.status == "FINISHED"
        assert str(run.info.artifact_uri).startswith((pipeline.path / "mlartifacts").as_uri())
        for target in TARGETS:
            assert run.data.metrics[f"sdr/{target}"] == pytest.approx(table.loc[(name, target), "SDR"], abs=1e-3)
        assert run.data.tags["architecture"] == name
        assert len(run.data.tags["git.commit"]) == 40
        assert len(run.data.tags["data.test"]) == 16


def test_a_trained_run_has_parameters_curves_and_system_metrics(pipeline: Workspace) -> None:
    found = runs(store(pipeline))
    client = MlflowClient(store(pipeline))
    conditioned, dedicated = found["simple-dense-pairs"], found["unet"]
    assert conditioned.data.params["film"] == "simple"
    assert conditioned.data.params["train.batch_size"] == "4"
    assert "film" not in dedicated.data.params
    assert conditioned.data.tags["data.train"] == dedicated.data.tags["data.train"]
    assert len(client.get_metric_history(conditioned.info.run_id, "validation_loss/simple-dense-pairs")) == 3
    assert len(client.get_metric_history(dedicated.info.run_id, "train_loss/vocals")) == 3
    assert "system/cpu_utilization_percentage" in dedicated.data.metrics
    for run in (conditioned, dedicated):
        cost = {name.removeprefix("size_and_time/"): value for name, value in run.data.metrics.items()}
        assert cost["weights"] > cost["networks"] >= 1
        assert 0 < cost["train_seconds"] < 600
        assert 0.1 < cost["train_memory_gb"] < 20
        assert 0 < cost["separation_seconds_per_minute"] < 60
    assert conditioned.data.metrics["sdr of 2 instruments/drums and vocals"] < 30
    assert "| simple-dense-pairs |" in conditioned.data.tags["mlflow.note.content"]
    assert conditioned.outputs is not None
    models = [client.get_logged_model(output.model_id) for output in conditioned.outputs.model_outputs]
    assert "sdr/mean" in {metric.key for model in models for metric in model.metrics or []}


def test_tables_pictures_sound_and_models_are_there(
    pipeline: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs(store(pipeline))["simple-dense-pairs"]
    folder = Path(MlflowClient(store(pipeline)).download_artifacts(run.info.run_id, "", str(tmp_path)))
    table = pd.read_json(folder / "sdr_by_track.json", orient="split")
    assert list(table.columns[:2]) == ["score", "SDR"]
    assert table["score"].iloc[0] == "median over tracks: bass"
    assert len(table) == (4 + 1) + (6 + 1) + 2 * (4 + 6)
    assert (folder / "spectrograms" / "Synthetic - Test 001.png").exists()
    assert (folder / "listen.html").exists()
    for name in ("gamma.png", "path.png", "neutral.csv", "sound/Synthetic - Test 001/path.flac"):
        assert (folder / "interpretation" / name).exists()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store(pipeline))
    network = mlflow.keras.load_model(f"runs:/{run.info.run_id}/simple-dense-pairs")
    inputs = [np.ones((1, 128, 16, 1), np.float32), np.eye(4, dtype=np.float32)[:1]]
    assert np.asarray(network.predict_on_batch(inputs)).shape == (1, 128, 16, 1)
    assert isinstance(network, keras.Model)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server with a store of its own, in which a test leaves four runs."""
    with mlflow_process(tmp_path_factory.mktemp("server"), "server", "--workers", "1") as address:
        yield address


def cut_off_run(pipeline: Workspace, server: str) -> str:
    """The run of a training whose server was gone after the first epoch; its ID, which a note holds."""
    client, name = MlflowClient(server), "simple-dense-pairs"
    run = client.create_run(client.create_experiment("conditioned-u-net"))
    row = pd.read_csv(pipeline.path / "models" / "cunet" / "0" / "history.csv").iloc[0]
    for loss in ("train_loss", "validation_loss"):
        client.log_metric(run.info.run_id, f"{loss}/{name}", row[loss], step=1)
    model = fingerprint(pipeline.path / "models" / "cunet" / "0")
    note = Note(run.info.run_id, "", "", {"size_and_time/train_seconds": 90})
    note.write(pipeline.path / "checkpoints" / UNLOGGED / f"{model}.json")
    return str(run.info.run_id)


def test_a_server_is_filled_from_the_outputs_alone_and_only_once(pipeline: Workspace, server: str) -> None:
    cut_off = cut_off_run(pipeline, server)
    for _ in range(2):
        pipeline.run("cunet", "log", MLFLOW_TRACKING_URI=server)
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("conditioned-u-net")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 4
    original, rebuilt = runs(store(pipeline))["simple-dense-pairs"], runs(server)["simple-dense-pairs"]
    assert rebuilt.data.params == original.data.params
    measured = ("system/", "size_and_time/train_", "size_and_time/separation_")
    shown, again = (
        {name: value for name, value in run.data.metrics.items() if not name.startswith(measured)}
        for run in (original, rebuilt)
    )
    assert again == shown
    folder = MlflowClient(server).list_artifacts(rebuilt.info.run_id, "interpretation")
    assert "interpretation/projection.png" in [file.path for file in folder]
    curve = client.get_metric_history(rebuilt.info.run_id, "train_loss/simple-dense-pairs")
    assert [point.step for point in curve] == [1, 2, 3]
    assert rebuilt.info.run_id == cut_off  # completed, and not logged a second time
    assert rebuilt.data.metrics["size_and_time/train_seconds"] == 90
    assert not list((pipeline.path / "checkpoints").rglob("*.json"))


def test_a_run_killed_while_it_was_scored_is_not_written_to_again(pipeline: Workspace, server: str) -> None:
    pipeline.run("cunet", "log", MLFLOW_TRACKING_URI=server)
    half = runs(server)["unet"].info.run_id
    client = MlflowClient(server)
    client.delete_tag(half, "cunet.scores")  # as a kill between the table and the last tag leaves it
    pipeline.run("cunet", "log", MLFLOW_TRACKING_URI=server)
    whole = runs(server)["unet"].info.run_id
    assert whole != half
    for run_id in (half, whole):
        table = client.download_artifacts(run_id, "sdr_by_track.json", str(pipeline.path.parent))
        assert len(pd.read_json(table, orient="split")) == (4 + 1) + (6 + 1) + 2 * (4 + 6)
    client.delete_run(half)


def test_a_server_that_does_not_answer_is_one_clear_line(pipeline: Workspace) -> None:
    result = pipeline.run("cunet", "log", check=False, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: MLflow: the store at http://127.0.0.1:9 does not answer")
    assert "Traceback" not in result.stderr


def test_a_killed_training_goes_on_in_its_run(pipeline: Workspace, programs: Path, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace", programs)
    shutil.copytree(pipeline.path / "data", workspace.path / "data", dirs_exist_ok=True)
    script = (
        "import os; from cunet.tracking import training; from stages import train\n"
        "def deadly(run, rows, log=training.log_epochs):\n"
        "    log(run, rows)\n"
        "    if rows and rows[-1][1]['epoch'] == 2: os.kill(os.getpid(), 9)\n"
        "training.log_epochs = deadly\n"
        "from pathlib import Path\n"
        "train.main('simple-dense-pairs', 0, *map(Path, ('data/spectrograms/train', 'data/indexes', "
        "'data/conditions/cunet.csv', 'models/cunet/0')))\n"
    )
    assert workspace.run("python", "-c", script, check=False).returncode == -9
    (killed,) = runs(store(workspace)).values()
    workspace.run("dvc", "repro", "-s", "train@0")
    client = MlflowClient(store(workspace))
    (run,) = client.search_runs([killed.info.experiment_id])
    assert run.info.run_id == killed.info.run_id
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "train_loss/simple-dense-pairs")
    assert [point.step for point in history] == [1, 2, 3]
