"""Loading a trained model from wherever it is kept."""

import atexit
import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from cunet.errors import UserError
from cunet.extras import needs
from cunet.files import temporary_folder, workspace
from cunet.layout import MODELS, STUDIED
from cunet.models.architecture import DESCRIPTION, WEIGHTS
from cunet.settings.evaluation import Consistency

if TYPE_CHECKING:
    from cunet.separate.model import Model

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:/")
PACKAGED = Path("artifacts") / "model"  # where an MLflow model keeps the folder that the training wrote
OVERLAP = 0.5  # of the patches
STARTER = Path(__file__).parent / "starter"  # a trained model that comes with the package


def load_model(
    source: str | Path | None = None, overlap: float = OVERLAP, consistency: Consistency = "ratio"
) -> "Model":
    """A model that the pipeline trained.

    Args:
        source: the folder that the training wrote (`models/cunet/0`) or `cunet export` did, or where MLflow keeps
            one: `runs:/…/model`, `models:/conditioned-u-net@best`, or any other of its addresses. None, or `starter`
            where no folder is called so, is the starter model, which comes with the package.
        overlap: of the patches, in [0, 1): more is smoother and slower.
        consistency: `ratio` lets the instruments share the mixture, so that their estimates agree with each other;
            `none` takes the networks' masks as they are, and is faster where one instrument is asked for.

    Raises:
        UserError: there is no such model, or it is none of this project.
    """
    if consistency not in get_args(Consistency):
        raise UserError(f"consistency={consistency!r}: expected one of {', '.join(get_args(Consistency))}")
    if not 0 <= overlap < 1:
        raise UserError(f"overlap={overlap:g}: it lies between 0 and 1, 1 excluded")
    source = STARTER if source is None else source
    folder = find_model(source)
    from cunet.separate.model import Model

    try:
        return Model(folder, overlap, consistency)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or DESCRIPTION
        raise UserError(f"{source}: cannot be loaded ({place}: {first['msg']})") from None
    except UserError as error:
        raise UserError(f"{source}: {str(error).removeprefix(f'{folder}: ')}") from None
    except Exception as error:  # whatever Keras, HDF5 or ONNX Runtime raises for a file of somebody else's
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200].removeprefix(f"{folder}: ")
        raise UserError(f"{source}: cannot be loaded ({reason})") from None


def default_model() -> Path:
    """The studied network that the pipeline trained in the current folder with seed 0, or else the starter model."""
    trained = MODELS / STUDIED / "0"
    return trained if (trained / DESCRIPTION).is_file() else STARTER


def find_model(source: str | Path) -> Path:
    """The folder of a model; what MLflow keeps is downloaded, for as long as this process runs.

    Raises:
        UserError: there is no such model, or it is none of this project.
    """
    folder = _download(str(source)) if REMOTE.match(str(source)) else Path(source)
    if str(source) == STARTER.name and not folder.exists():
        folder = STARTER
    if not folder.exists():
        raise UserError(
            f"{source}: no such model: the pipeline's are folders such as models/cunet/0 (run dvc repro); "
            "starter is the model that comes with cunet"
        )
    found = next((place for place in (folder, folder / PACKAGED) if (place / DESCRIPTION).is_file()), None)
    if found is None:
        inside = sorted(path.parent for pattern in ("*", "*/*") for path in folder.glob(f"{pattern}/{DESCRIPTION}"))
        advice = f": did you mean {inside[0]}?" if inside else ""
        raise UserError(f"{source}: is no model of this project: it has no {DESCRIPTION}{advice}")
    _refuse_older_control(found, source)
    return found


def _refuse_older_control(folder: Path, source: str | Path) -> None:
    """Refuse weights from before the control's vector was scaled: they would load, and mean something else."""
    if not (weights := sorted(folder.glob(f"*{WEIGHTS}"))):
        return  # an exported network is whole
    with needs("train"):
        import h5py

    try:
        with h5py.File(weights[0], "r") as file:
            layers = set(file.get("layers", ()))
    except OSError:
        return  # a damaged file, which whoever loads it tells
    if "dense" in layers and "rescaling" not in layers:
        raise UserError(
            f"{source}: was trained by an older version, with another control network: train it again, or load it with "
            "the version that trained it"
        )


def _download(address: str) -> Path:
    with needs("track"):
        from mlflow.artifacts import download_artifacts

        from cunet.store import STORE, use_store

    own = address.startswith(("models:", "runs:")) and "MLFLOW_TRACKING_URI" not in os.environ
    if own and not (workspace() / STORE).exists():
        raise UserError(
            f"{address}: there is no {STORE} here: set MLFLOW_TRACKING_URI, or run cunet log where models are"
        )
    use_store()
    kept = ExitStack()
    folder = kept.enter_context(temporary_folder())
    atexit.register(kept.close)
    try:
        return Path(download_artifacts(artifact_uri=address, dst_path=str(folder)))
    except Exception as error:  # of MLflow, or of the library of whatever store the address names
        raise UserError(f"{address}: no such model in MLflow ({str(error).splitlines()[0][:200]})") from None
