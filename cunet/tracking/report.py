"""Logs the report to the runs of the models: listening page, examples, and interpretation."""

from pathlib import Path

from mlflow import MlflowClient

from cunet.examples.excerpts import FLAC, SOUND
from cunet.models.architecture import Architecture
from cunet.report.listen import PAGE
from cunet.report.sections import INTERPRETATION, SPECTROGRAMS
from cunet.store import MODEL_TAG, connect, find, fingerprint, log_files, log_folder
from cunet.tracking.view import save_view
from cunet.train.history import read_provenance


def log_report(report: Path, models: list[Path], studied: Path) -> None:
    """Log the report to the runs of the models that have one, and save the view of their SDR.

    Every run gets the spectrograms. Runs with the seed of the examples also get the audio of their estimates, and the
    run of `studied` the interpretation and the listening page.
    """
    connect()
    for model in models:
        for run in find({MODEL_TAG: fingerprint(model)})[:1]:
            log_folder(report / SPECTROGRAMS, SPECTROGRAMS, run.info.run_id)
            if model.name == studied.name:
                _log_sound(report / SOUND, read_provenance(model)["architecture"], run.info.run_id)
            if model == studied:
                MlflowClient().log_artifact(run.info.run_id, str(report / PAGE))  # megabytes, so once per comparison
                log_folder(report / INTERPRETATION, INTERPRETATION, run.info.run_id)
    if studied.is_dir():
        save_view(Architecture.load(studied).instruments)


def _log_sound(sound: Path, architecture: str, run: str) -> None:
    """Log the estimates of an architecture: `sound/<track>/<target>.flac`."""
    found = sound.glob(f"*/*/{architecture}{FLAC}")
    log_files({Path(path.parents[1].name, f"{path.parent.name}{FLAC}"): path for path in found}, SOUND, run)
