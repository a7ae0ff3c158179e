"""The report in the runs of the models: the page to listen to, pictures of examples, and the interpretation."""

from pathlib import Path

from mlflow import MlflowClient

from cunet.report.listen import PAGE
from cunet.report.sections import INTERPRETATION, SPECTROGRAMS
from cunet.store import MODEL_TAG, connect, find, fingerprint, log_folder


def log_report(report: Path, models: list[Path], studied: Path) -> None:
    """Show the report in the runs of the models, those of `studied` with its interpretation, where there are runs."""
    connect()
    for model in models:
        for run in find({MODEL_TAG: fingerprint(model)})[:1]:
            MlflowClient().log_artifact(run.info.run_id, str(report / PAGE))
            log_folder(report / SPECTROGRAMS, SPECTROGRAMS, run.info.run_id)
            if model == studied:
                log_folder(report / INTERPRETATION, INTERPRETATION, run.info.run_id)
