"""The sound of example tracks, as files."""

from pathlib import Path

import numpy as np

from cunet.conditions.naming import by_name
from cunet.conditions.path import path
from cunet.evaluation.bounds import BOUNDS
from cunet.examples.excerpts import read_sound, truth
from cunet.examples.writing import write_estimates, write_path, write_truth
from cunet.interpret.masks import PathMasks
from cunet.interpret.modulation import conditioned_network
from cunet.masking.separator import Separator
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from tests.conftest import SINGLES, TRIO

SECONDS = 1.0


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.flac"))


def test_truth_and_estimates_stand_side_by_side_for_every_target(
    params: Params, track: TrackSpectrograms, tmp_path: Path
) -> None:
    single, settings = by_name(SINGLES), params.spectrogram
    write_truth([track], single, settings, SECONDS, tmp_path)
    write_estimates("ideal", BOUNDS["ideal-ratio-mask"], [track], single, settings, SECONDS, tmp_path)
    assert names(tmp_path) == [
        f"song 0/{target}/{name}.flac" for target in TRIO for name in ("ideal", "mixture", "reference")
    ]
    expected = truth(track, single, settings, SECONDS)
    for target in TRIO:
        ideal, reference = (
            read_sound(tmp_path / "song 0" / target / f"{name}.flac") for name in ("ideal", "reference")
        )
        np.testing.assert_allclose(reference, expected["reference"][target], atol=1e-4)
        error, before = (np.sum((sound - reference) ** 2) for sound in (ideal, expected["mixture"][target]))
        assert error < 0.5 * before


def test_the_path_is_heard_step_by_step_and_as_one(
    params: Params, track: TrackSpectrograms, separator: Separator, tmp_path: Path
) -> None:
    mask = conditioned_network(separator).get_layer("mask")
    mask.set_weights([50 * np.asarray(mask.kernel), np.asarray(mask.bias)])  # conditions that can be told apart
    steps = path(TRIO, "tone", "clicks", 3)
    write_path(PathMasks(separator), [track], steps, params.spectrogram, SECONDS, tmp_path)
    alone = ("mixture", "neutral", "path", *TRIO, *(f"path {step}" for step in steps))
    assert names(tmp_path) == sorted(f"song 0/{name}.flac" for name in alone)
    sounds = {name: read_sound(tmp_path / "song 0" / f"{name}.flac") for name in alone}
    assert {len(sound) for sound in sounds.values()} == {8192}
    np.testing.assert_array_equal(sounds["path 0.00"], sounds["tone"])
    first, last = slice(0, 200), slice(-200, None)
    for place, near, far in ((first, "tone", "clicks"), (last, "clicks", "tone")):
        errors = [np.abs(sounds["path"][place] - sounds[name][place]).max() for name in (near, far)]
        assert errors[0] < errors[1]
