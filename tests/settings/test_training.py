"""Settings of the training."""

import pytest
from pydantic import ValidationError

from cunet.params import Params
from cunet.settings.training import Augmentation, Epochs


def test_each_kind_of_network_has_its_epochs(params: Params) -> None:
    train = params.train.model_copy(update={"epochs": Epochs(conditioned=7, dedicated=3)})
    assert (train.epochs_of(True), train.epochs_of(False)) == (7, 3)


def test_gains_are_given_from_low_to_high() -> None:
    assert Augmentation(probability=1, gain=(0.5, 0.5)).gain == (0.5, 0.5)
    with pytest.raises(
        ValidationError, match=r"gain \(2\.0, 1\.0\) must be the lowest, then the highest value; swap them"
    ):
        Augmentation(probability=1, gain=(2, 1))
    with pytest.raises(ValidationError, match="gain"):
        Augmentation(probability=1, gain=(0, 1))


def test_a_precision_that_keras_does_not_train_in_is_refused(params: Params) -> None:
    values = params.train.model_dump()
    with pytest.raises(ValidationError, match="precision"):
        type(params.train).model_validate(values | {"precision": "float16"})
