"""Files that later stages add to the runs of the models: what the control learned, the page to listen to."""

from pathlib import Path

from mlflow import MlflowClient

from cunet.store import MODEL_TAG, connect, digest, find, log_folder

CONTROL = "control"


def log_interpretation(control: Path, model: Path) -> None:
    """Show the pictures, tables and sound of the folder `control` in the run of `model`, where there is one."""
    connect()
    for run in find({MODEL_TAG: digest(model)})[:1]:
        log_folder(control, CONTROL, run.info.run_id)


def log_page(page: Path, models: list[Path]) -> None:
    """Show the page of everybody's estimates in the runs of the models, as far as there are runs."""
    connect()
    for model in models:
        for run in find({MODEL_TAG: digest(model)})[:1]:
            MlflowClient().log_artifact(run.info.run_id, str(page))
