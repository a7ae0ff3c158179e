"""The report in the runs of the models."""

from pathlib import Path

import mlflow

from cunet.store import EXPERIMENT, connect, fingerprint
from cunet.tracking.report import log_report
from cunet.tracking.view import TAG
from tests.saved import save_model


def test_every_model_gets_the_page_and_its_sound_and_the_studied_one_the_interpretation(mlflow_store: Path) -> None:
    report = mlflow_store / "reports"
    sounds = [f"sound/song/bass/{name}.flac" for name in ("mixture", "simple-dense", "unet")]
    for name in ("listen.html", "spectrograms/song.png", "interpretation/path.png", "sdr.png", *sounds):
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text(name)
    runs = {}
    connect()
    save_model(mlflow_store / "cunet/3")
    architectures = {
        "cunet/3": "simple-dense",
        "baselines/unet/3": "unet",
        "baselines/unet/5": "unet",
        "lost/3": "unet",
    }
    for name, architecture in architectures.items():
        (mlflow_store / name).mkdir(parents=True, exist_ok=True)
        (mlflow_store / name / "training.json").write_text(f'{{"architecture": "{architecture}", "name": "{name}"}}')
        if name != "lost/3":  # its store is, say
            with mlflow.start_run() as run:
                mlflow.set_tag("cunet.model", fingerprint(mlflow_store / name))
            runs[name] = mlflow_store / "mlartifacts" / run.info.run_id / "artifacts"
    log_report(report, [mlflow_store / name for name in architectures], mlflow_store / "cunet/3")
    found = {
        name: sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*.*")) for name, kept in runs.items()
    }
    assert found == {
        "cunet/3": ["interpretation/path.png", "listen.html", "sound/song/bass.flac", "spectrograms/song.png"],
        "baselines/unet/3": ["sound/song/bass.flac", "spectrograms/song.png"],
        "baselines/unet/5": ["spectrograms/song.png"],  # the examples are from the first seed
    }
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None and TAG in experiment.tags
    assert (runs["baselines/unet/3"] / "sound" / "song" / "bass.flac").read_text() == "sound/song/bass/unet.flac"
