"""A conditioned network with first weights, ready to be analysed."""

from pathlib import Path

import pytest

from cunet.masking.separator import Separator
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from tests.conftest import SINGLES, TRIO


def architecture(params: Params, name: str) -> Architecture:
    return Architecture(
        name=name,
        instruments=TRIO,
        conditions=tuple(SINGLES.itertuples(index=False, name=None)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    )


@pytest.fixture
def separator(params: Params, tmp_path: Path) -> Separator:
    subject = architecture(params, "complex-dense-both")
    model = tmp_path / "model"
    model.mkdir()
    build(subject, subject.name).save_weights(weights_file(model, subject.name))
    subject.save(model)
    return Separator(model, params.evaluate.overlap)
