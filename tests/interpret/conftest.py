"""Architectures that know the instruments of the songs."""

from cunet.models.architecture import Architecture
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
