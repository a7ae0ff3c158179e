"""MLflow's store, and finding runs in it."""

from pathlib import Path

import mlflow
import pytest

from cunet.errors import UserError
from cunet.store import EXPERIMENT, connect, find, fingerprint, log_folder, tags, title, use_store


def test_the_store_is_in_the_workspace_and_has_one_experiment(mlflow_store: Path) -> None:
    for _ in range(2):
        connect()
    assert mlflow.get_tracking_uri() == f"sqlite:///{mlflow_store / 'mlflow.db'}"
    experiments = {experiment.name: experiment for experiment in mlflow.search_experiments()}
    assert set(experiments) == {"Default", EXPERIMENT}
    assert experiments[EXPERIMENT].artifact_location == (mlflow_store / "mlartifacts").as_uri()
    assert "listen.html" in experiments[EXPERIMENT].tags["mlflow.note.content"]


def test_another_store_and_experiment_may_be_named(mlflow_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = f"sqlite:///{(mlflow_store / 'mlflow.db').rename(mlflow_store / 'other.db')}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", other)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    connect()
    assert mlflow.get_tracking_uri() == other
    assert {experiment.name for experiment in mlflow.search_experiments()} == {"Default", "mine"}
    assert [path.name for path in mlflow_store.glob("*.db")] == ["other.db"]


def test_a_store_that_does_not_answer_is_one_line(mlflow_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UserError, match=r"MLflow: the store at http://127\.0\.0\.1:9 does not answer") as error:
        connect()
    assert "\n" not in str(error.value)


def test_runs_are_found_by_all_of_their_tags_newest_first(mlflow_store: Path) -> None:
    connect()
    runs = []
    for number, kind in enumerate(("a", "b", "a")):
        with mlflow.start_run(run_name=str(number)) as run:
            mlflow.set_tags({"cunet.model": kind, "cunet.scores": "x"})
            runs.append(run.info.run_id)
    assert [run.info.run_id for run in find({"cunet.model": "a", "cunet.scores": "x"})] == [runs[2], runs[0]]
    assert find({"cunet.model": "a", "cunet.scores": "y"}) == []


def test_files_are_shown_under_names_that_an_address_can_hold(mlflow_store: Path, tmp_path: Path) -> None:
    names = ("50% off? #1.png", "deep/曲.txt")
    for name in names:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(name)
    connect()
    with mlflow.start_run() as run:
        log_folder(tmp_path / "folder", "pictures")
    kept = mlflow_store / "mlartifacts" / run.info.run_id / "artifacts" / "pictures"
    found = {path.relative_to(kept).as_posix(): path.read_text() for path in kept.rglob("*.*")}
    assert found == {"50％ off？ ＃1.png": names[0], "deep/曲.txt": names[1]}


def test_a_fingerprint_follows_from_names_and_contents(tmp_path: Path) -> None:
    for folder, name, content in (("a", "x", "1"), ("b", "x", "1"), ("c", "y", "1"), ("d", "x", "2")):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / name).write_text(content)
    a, b, c, d = (fingerprint(tmp_path / folder) for folder in "abcd")
    assert a == b
    assert len({a, c, d}) == 3


def test_a_run_is_called_after_its_seed_and_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "abc")
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    assert (title("unet", 0), title("unet", 3)) == ("unet", "unet, seed 3")
    assert tags("unet") == {"architecture": "unet", "git.commit": "abc"}
    monkeypatch.setenv("DVC_EXP_NAME", "tame-owl")
    assert tags("unet")["dvc.experiment"] == "tame-owl"
    assert (title("unet", 0), title("unet", 3)) == ("unet [tame-owl]", "unet, seed 3 [tame-owl]")


def test_a_store_that_the_user_names_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    before = mlflow.get_tracking_uri()
    use_store()
    assert mlflow.get_tracking_uri() == before
