"""The training tracks that MUSDB18 keeps aside to validate on."""

from pathlib import Path

import musdb
import pytest

from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.patches import build_indexes
from cunet.preprocess.validation import validation_tracks
from tests.datasets.musdb_trees import (
    NAMES,
)


def test_the_official_list_is_musdbs_own(stem_tree: Path) -> None:
    database = musdb.DB(root=str(stem_tree), subsets="train", split="valid")
    assert [track.name for track in database] == [
        name for name in NAMES["train"] if name in validation_tracks("musdb18")
    ]


def test_training_tracks_without_any_official_one_need_names(prepared: Path, params: Params) -> None:
    with pytest.raises(UserError, match=r"none of the 14 official validation tracks.*validation\.tracks"):
        build_indexes(prepared / "train", params.patch, params.validation, validation_tracks("musdb18"))
