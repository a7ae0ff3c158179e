"""A saved view of the runs in MLflow: one column per instrument, the best mean SDR first.

MLflow has no API for views. Its pages store a view as a tag of the experiment: JSON with a name, times in milliseconds
since 1970, and the state of the table, deflated and in base64 (as of MLflow 3.17). Versions that do not know the tag
ignore it.
"""

import base64
import json
import sys
import time
import zlib
from collections.abc import Sequence
from urllib.parse import urlsplit

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cunet.comparison.tables import MEAN
from cunet.store import NOTE, NOTE_TAG, current_experiment

VIEW = "sdr"
TAG = f"mlflow.sharedViewState.{VIEW}"
OWN_SERVER = "http://127.0.0.1:5000"  # where `mlflow ui` answers


def save_view(instruments: Sequence[str]) -> None:
    """Save the view in the experiment, link to it in the experiment's note, and print its address.

    If a server refuses it, for example for lack of rights, a warning is printed.
    """
    columns = ["tags.`dvc.experiment`", *(f"metrics.`sdr/{name}`" for name in (MEAN, *instruments))]
    state = {"selectedColumns": columns, "orderByKey": f"metrics.`sdr/{MEAN}`", "orderByAsc": False}
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    now = round(time.time() * 1000)
    view = {"name": "SDR by instrument", "createdAt": now, "updatedAt": now, "state": f"deflate;{packed}"}
    experiment, client = current_experiment(), MlflowClient()
    page = f"/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"
    try:
        client.set_experiment_tag(experiment.experiment_id, TAG, json.dumps(view))
        if NOTE in experiment.tags.get(NOTE_TAG, NOTE):  # do not replace the user's own note
            client.set_experiment_tag(experiment.experiment_id, NOTE_TAG, f"[**SDR by instrument**]({page}). {NOTE}")
    except MlflowException as error:
        reason = str(error).splitlines()[0][:200]
        print(f"warning: MLflow did not save the view of the SDR ({reason})", file=sys.stderr)
        return
    print(f"SDR in MLflow: {_page_of_the_store()}{page}", end="\n\n")


def _page_of_the_store() -> str:
    """Address of the store's pages: a server's, without its password, or that of `mlflow ui`."""
    store = urlsplit(mlflow.get_tracking_uri())
    if store.scheme in ("http", "https"):
        return f"{store.scheme}://{store.netloc.rpartition('@')[2]}{store.path.rstrip('/')}"
    return f"mlflow ui, then {OWN_SERVER}"
