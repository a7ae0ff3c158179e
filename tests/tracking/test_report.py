"""The report in the runs of the models."""

from pathlib import Path

import mlflow

from cunet.store import connect, fingerprint
from cunet.tracking.report import log_report


def test_every_model_gets_the_page_and_the_studied_one_the_interpretation(mlflow_store: Path) -> None:
    report = mlflow_store / "reports"
    for name in ("listen.html", "spectrograms/song.png", "interpretation/path.png", "sdr.png"):
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text(name)
    runs = {}
    connect()
    for name in ("studied", "other", "unknown"):
        (mlflow_store / name).mkdir()
        (mlflow_store / name / "weights").write_text(name)
        if name != "unknown":  # the store was lost, say
            with mlflow.start_run() as run:
                mlflow.set_tag("cunet.model", fingerprint(mlflow_store / name))
            runs[name] = mlflow_store / "mlartifacts" / run.info.run_id / "artifacts"
    log_report(report, [mlflow_store / name for name in ("studied", "other", "unknown")], mlflow_store / "studied")
    found = {
        name: sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*.*")) for name, kept in runs.items()
    }
    assert found == {
        "studied": ["interpretation/path.png", "listen.html", "spectrograms/song.png"],
        "other": ["listen.html", "spectrograms/song.png"],
    }
