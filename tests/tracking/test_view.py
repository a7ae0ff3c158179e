"""The saved view of the runs in MLflow."""

import base64
import json
import zlib
from pathlib import Path

import mlflow

from cunet.store import EXPERIMENT, connect
from cunet.tracking.view import TAG, save_view


def test_the_view_has_a_column_per_instrument_and_the_best_run_first(mlflow_store: Path) -> None:
    connect()
    for _ in range(2):  # a later comparison replaces it
        address = save_view(["bass", "vocals"])
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    view = json.loads(experiment.tags[TAG])
    state = json.loads(zlib.decompress(base64.b64decode(view["state"].removeprefix("deflate;"))))
    assert state["selectedColumns"][-3:] == ["metrics.`sdr/mean`", "metrics.`sdr/bass`", "metrics.`sdr/vocals`"]
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`sdr/mean`", False)
    page = f"/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning&viewStateShareKey=sdr"
    assert address == f"http://127.0.0.1:5000{page}"
    assert f"]({page})" in experiment.tags["mlflow.note.content"]
