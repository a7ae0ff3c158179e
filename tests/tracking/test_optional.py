"""Work that continues without MLflow."""

import pytest
from mlflow.exceptions import MlflowException

from cunet.tracking.optional import optional


def test_a_failure_of_mlflow_is_one_line_and_other_faults_are_raised(capsys: pytest.CaptureFixture[str]) -> None:
    with optional():
        raise MlflowException("API request failed\nwith details")
    assert capsys.readouterr().err == (
        "warning: MLflow: API request failed. Work continues; run cunet log later for what is missing.\n"
    )
    with pytest.raises(ZeroDivisionError), optional():
        raise ZeroDivisionError
