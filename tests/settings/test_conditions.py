"""Settings of the conditions."""

from typing import Any

import pytest
from pydantic import ValidationError

from cunet.settings.conditions import ConditionSet


def test_a_set_has_full_levels_and_neither_all_nor_none_unless_asked_for() -> None:
    assert ConditionSet(up_to=2) == ConditionSet(up_to=2, levels=[1.0], all=False, none=False)


@pytest.mark.parametrize("changes", [{"up_to": 0}, {"levels": []}, {"levels": [0.0]}, {"levels": [0.5, 1.1]}])
def test_a_set_without_instruments_or_with_levels_beyond_1_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        ConditionSet.model_validate({"up_to": 2} | changes)
