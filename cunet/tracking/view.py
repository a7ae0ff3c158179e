"""A saved view of the runs in MLflow: a column per instrument, the best mean SDR first.

MLflow has no function for it. Its page keeps a view as a tag of the experiment: JSON with a name, times in milliseconds
since 1970, and the state of the table, deflated and in base64 (seen in MLflow 3.17). A version that does not know the
tag ignores it.
"""

import base64
import json
import time
import zlib
from collections.abc import Sequence

import mlflow
from mlflow import MlflowClient

from cunet.comparison.tables import MEAN
from cunet.store import NOTE, experiment_id

VIEW = "sdr"
TAG = f"mlflow.sharedViewState.{VIEW}"
SERVER = "http://127.0.0.1:5000"  # where `mlflow ui` answers


def save_view(instruments: Sequence[str]) -> str:
    """Save the view in the experiment, and link to it in the experiment's note.

    Returns:
        its address.
    """
    columns = ["tags.`dvc.experiment`", *(f"metrics.`sdr/{name}`" for name in (MEAN, *instruments))]
    state = {"selectedColumns": columns, "orderByKey": f"metrics.`sdr/{MEAN}`", "orderByAsc": False}
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    now = round(time.time() * 1000)
    view = {"name": "SDR by instrument", "createdAt": now, "updatedAt": now, "state": f"deflate;{packed}"}
    experiment, client = experiment_id(), MlflowClient()
    page = f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"
    client.set_experiment_tag(experiment, TAG, json.dumps(view))
    client.set_experiment_tag(experiment, "mlflow.note.content", f"[**SDR by instrument**]({page}). {NOTE}")
    store = mlflow.get_tracking_uri()
    return f"{store if store.startswith('http') else SERVER}{page}"
