"""Loading a trained model from a folder or from MLflow."""

import atexit
import os
import re
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from cunet.errors import UserError, first_line, is_out_of_memory
from cunet.extras import needs
from cunet.files import temporary_folder, workspace
from cunet.layout import MODELS, STUDIED
from cunet.models.architecture import DESCRIPTION, WEIGHTS
from cunet.settings.evaluation import Consistency

if TYPE_CHECKING:
    from cunet.separate.model import Model

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:/")
PACKAGED = Path("artifacts") / "model"  # where an MLflow model keeps the folder written by training
OVERLAP = 0.5  # of patches
STARTER = Path(__file__).parent / "starter"  # the trained model that comes with the package


def load_model(
    source: str | Path | None = None, overlap: float = OVERLAP, consistency: Consistency = "ratio"
) -> "Model":
    """Load a trained model.

    Args:
        source: a folder written by training (`models/cunet/0`) or by `cunet export`, or an MLflow address such as
            `runs:/…/model` or `models:/conditioned-u-net@best`. None, or `starter` if there is no folder of this
            name, is the starter model, which comes with the package.
        overlap: of patches, in [0, 1): more is smoother and slower.
        consistency: `ratio` scales the masks of the instruments so that they sum to one; `none` uses the networks'
            masks unchanged, which is faster for a single instrument.

    Raises:
        UserError: there is no such model, or it is not one of this project.
    """
    if consistency not in get_args(Consistency):
        raise UserError(f"consistency={consistency!r}: expected one of {', '.join(get_args(Consistency))}")
    if not 0 <= overlap < 1:
        raise UserError(f"overlap={overlap:g}: must be at least 0 and less than 1")
    source = STARTER if source is None else source
    folder = find_model(source)
    from cunet.separate.model import Model

    try:
        return Model(folder, overlap, consistency)
    except UserError as error:
        raise UserError(f"{source}: {str(error).removeprefix(f'{folder}: ')}") from None
    except Exception as error:  # Keras, HDF5 and ONNX Runtime raise many types for foreign files
        if is_out_of_memory(error):
            raise MemoryError(first_line(error)) from None
        reason = first_line(error).removeprefix(f"{folder}: ")
        raise UserError(f"{source}: cannot be loaded ({reason})") from None


def default_model() -> tuple[Path, str]:
    """The studied network trained in the current folder with seed 0; without it or Keras, the starter model.

    Returns:
        its folder, and why a trained network is not used, if there is one that is not.
    """
    trained = MODELS / STUDIED / "0"
    if not (trained / DESCRIPTION).is_file():
        return STARTER, ""
    return (trained, "") if find_spec("keras") else (STARTER, f"{trained} needs Keras, which is not installed")


def find_model(source: str | Path) -> Path:
    """The folder of a model; a model in MLflow is downloaded, and deleted when this process ends.

    Raises:
        UserError: there is no such model, or it is not one of this project.
    """
    folder = _download(str(source)) if REMOTE.match(str(source)) else Path(source)
    if str(source) == STARTER.name and not folder.exists():
        folder = STARTER
    if not folder.exists():
        raise UserError(
            f"{source}: no such model. Use a folder such as models/cunet/0 (written by dvc repro), or starter, the "
            "model that comes with cunet."
        )
    found = next((place for place in (folder, folder / PACKAGED) if (place / DESCRIPTION).is_file()), None)
    if found is None:
        inside = sorted(path.parent for pattern in ("*", "*/*") for path in folder.glob(f"{pattern}/{DESCRIPTION}"))
        advice = f". Did you mean {inside[0]}?" if inside else ""
        raise UserError(f"{source}: not a model of this project (no {DESCRIPTION}){advice}")
    _refuse_older_control(found, source)
    return found


def _refuse_older_control(folder: Path, source: str | Path) -> None:
    """Refuse weights trained before the control vector was scaled: they would load, but give wrong estimates."""
    if not (weights := sorted(folder.glob(f"*{WEIGHTS}"))):
        return  # an exported network includes its layers
    with needs("train"):
        import h5py

    try:
        with h5py.File(weights[0], "r") as file:
            layers = set(file.get("layers", ()))
    except OSError:
        return  # damaged: loading it will fail with a message
    if "dense" in layers and "rescaling" not in layers:
        raise UserError(
            f"{source}: was trained with the control network of an older version. Train it again, or load it with "
            "that version."
        )


def _download(address: str) -> Path:
    with needs("track"):
        from mlflow.artifacts import download_artifacts

        from cunet.store import STORE, use_store

    own = address.startswith(("models:", "runs:")) and "MLFLOW_TRACKING_URI" not in os.environ
    if own and not (workspace() / STORE).exists():
        raise UserError(
            f"{address}: no {STORE} in this workspace. Set MLFLOW_TRACKING_URI, or run cunet log in the workspace "
            "with the models."
        )
    use_store()
    kept = ExitStack()
    folder = kept.enter_context(temporary_folder())
    atexit.register(kept.close)
    try:
        return Path(download_artifacts(artifact_uri=address, dst_path=str(folder)))
    except Exception as error:  # from MLflow, or the library of its artifact store
        raise UserError(f"{address}: no such model in MLflow ({first_line(error)})") from None
