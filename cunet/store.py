"""MLflow's store, and how to find runs in it."""

import hashlib
import logging
import os
from pathlib import Path

import mlflow
from filelock import FileLock
from mlflow.entities import Experiment, LifecycleStage, Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from sqlalchemy.exc import SQLAlchemyError

from cunet.errors import UserError, first_line
from cunet.files import commit, temporary_folder, workspace
from cunet.relocation import follow

STORE, ARTIFACTS = "mlflow.db", "mlartifacts"
EXPERIMENT = "conditioned-u-net"
NOTE = (
    "**Chart view**: SDR by instrument, training curves. "
    "**Artifact view** (table symbol): SDR of every track, runs side by side. "
    "**listen.html** among the artifacts of the studied network's run: estimates of all architectures side by side."
)
# MLflow has no function for either. Without a kind, its page asks for one and opens on traces of language models.
NOTE_TAG = "mlflow.note.content"
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development", NOTE_TAG: NOTE}
WIDE = str.maketrans("#%?\\", "＃％？＼")
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # prints errors that reach the caller as well
MODEL_TAG, SCORES_TAG = "cunet.model", "cunet.scores"


def use_store() -> None:
    """Choose the store: MLFLOW_TRACKING_URI, or else `mlflow.db` in the workspace."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")  # seconds
    if "MLFLOW_TRACKING_URI" not in os.environ:
        follow(workspace() / STORE, workspace() / ARTIFACTS)
        mlflow.set_tracking_uri(_own_store())


def _own_store() -> str:
    return f"sqlite:///{workspace() / STORE}"


def connect() -> None:
    """Choose the store and, in it, the experiment.

    Raises:
        UserError: the store does not answer.
    """
    use_store()
    home = workspace()
    artifacts = (home / ARTIFACTS).as_uri() if mlflow.get_tracking_uri() == _own_store() else None
    name = _experiment_name()
    try:
        with FileLock(home / ".mlflow.lock"):
            if mlflow.get_experiment_by_name(name) is None:
                mlflow.create_experiment(name, artifacts, EXPERIMENT_TAGS)
        mlflow.set_experiment(name)
    except (MlflowException, OSError, SQLAlchemyError) as error:
        reason = first_line(error).partition(" with exception ")[0]
        raise UserError(
            f"MLflow: the store at {mlflow.get_tracking_uri()} does not answer ({reason}). "
            "Start the server, or unset MLFLOW_TRACKING_URI."
        ) from None


def _experiment_name() -> str:
    return os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)


def current_experiment() -> Experiment:
    """The experiment in the store that `connect` has chosen."""
    found = mlflow.get_experiment_by_name(_experiment_name())
    assert found is not None
    return found


def fingerprint(folder: Path) -> str:
    """Hash of the names and contents of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]


def log_folder(folder: Path, name: str, run: str | None = None) -> None:
    """Log the files of a folder below `name`, to a run or to the active one."""
    log_files({path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}, name, run)


def log_files(files: dict[Path, Path], name: str, run: str | None = None) -> None:
    """Log files below `name`, to a run or to the active one; keys are their paths there.

    Characters that end a path in an address are replaced by their full-width forms: MLflow does not escape names in
    addresses, so its server would store the file under another name or refuse it.
    """
    with temporary_folder() as temporary:
        for place, path in files.items():
            link = temporary / place.as_posix().translate(WIDE)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        mlflow.log_artifacts(str(temporary), name, run)


def find(tags: dict[str, str]) -> list[Run]:
    """Runs of the experiment that have these tags, newest first."""
    conditions = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    runs: list[Run] = mlflow.search_runs(filter_string=conditions, output_format="list")
    return runs


def existing_run(run_id: str) -> Run | None:
    """A run if the experiment has it, and nobody has deleted it."""
    if not run_id:
        return None
    try:
        run = mlflow.get_run(run_id)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None
    usable = run.info.lifecycle_stage == LifecycleStage.ACTIVE
    return run if usable and run.info.experiment_id == current_experiment().experiment_id else None


def title(name: str, seed: int) -> str:
    """Name of a run: architecture, any seed but 0, and the DVC experiment."""
    named = f"{name}, seed {seed}" if seed else name
    experiment = os.environ.get("DVC_EXP_NAME")
    return f"{named} [{experiment}]" if experiment else named


def tags(name: str) -> dict[str, str]:
    """Origin of a run: architecture, git commit, DVC experiment."""
    found = {"architecture": name, "git.commit": commit(), "dvc.experiment": os.environ.get("DVC_EXP_NAME", "")}
    return {tag: value for tag, value in found.items() if value}
