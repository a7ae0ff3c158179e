"""Work that continues without MLflow."""

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from cunet.errors import UserError
from cunet.tracking.optional import optional, required

FAILURES = [
    (MlflowException("API request failed\nwith details"), "API request failed"),
    (UserError("MLflow: the store at x does not answer."), "the store at x does not answer"),
    (ModuleNotFoundError("No module named 'boto3'"), "No module named 'boto3'"),
    (ConnectionError("refused"), "refused"),
    (DatabaseError("select", {}, ValueError("locked")), "(builtins.ValueError) locked"),
    (RuntimeError(), "RuntimeError"),
]


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_a_failure_is_one_line(failure: Exception, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with optional():
        raise failure
    text = f"warning: MLflow: {reason}. Work continues; run cunet log later for what is missing.\n"
    assert capsys.readouterr().err == text
    with pytest.raises(UserError) as error, required():
        raise failure
    assert str(error.value).rstrip(".") == f"MLflow: {reason}"


def test_an_interruption_is_none() -> None:
    with pytest.raises(KeyboardInterrupt), optional():
        raise KeyboardInterrupt
