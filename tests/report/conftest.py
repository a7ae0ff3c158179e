"""Scores to report."""

import pandas as pd
import pytest

from tests.scored import scores_of_three_tracks


@pytest.fixture
def scores() -> pd.DataFrame:
    return scores_of_three_tracks()
