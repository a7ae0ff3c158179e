"""A trained model on audio of all kinds."""

from collections.abc import Callable

import numpy as np
import pytest

from cunet.errors import UserError
from cunet.separate.model import Model
from tests.separate.conftest import RATE, song


def test_conditions_make_a_difference(model: Model) -> None:
    waveform = song(2)
    tone, noisy, both = (
        model.separate(waveform, RATE, asked) for asked in ("tone", "noise", {"tone": 1.0, "noise": 1.0})
    )
    assert np.abs(tone - noisy).max() > 1e-4  # first weights: FiLM starts almost neutral; rounding is below 1e-6
    if model.name == "unet":
        np.testing.assert_allclose(both, tone + noisy, atol=1e-5)


@pytest.mark.parametrize(
    "shape", [(RATE // 10,), (RATE // 10, 1), (700, 2), (1, 1), (RATE, 8), (2 * RATE,)], ids=lambda shape: str(shape)
)
def test_the_shape_stays(model: Model, shape: tuple[int, ...]) -> None:
    waveform = np.random.default_rng(1).uniform(-0.5, 0.5, shape)
    estimate = model.separate(waveform, RATE, "tone")
    assert estimate.shape == shape
    assert estimate.dtype == np.float32
    assert np.isfinite(estimate).all()


def test_silence_stays_silent(model: Model) -> None:
    assert not model.separate(np.zeros((RATE, 2)), RATE, "tone", "share").any()


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (
            lambda model: model.separate(song(1), RATE, "guitar"),
            "unknown instrument 'guitar'; the model separates clicks, noise, tone$",
        ),
        (lambda model: model.separate(song(1), RATE, "TONE"), r"'TONE'; .* did you mean tone\?"),
        (lambda model: model.separate(song(1), RATE, "tone+clicks"), "ask for their sum with tone=1,clicks=1"),
        (lambda model: model.separate(song(1), RATE, "tone", "foo"), "above='foo': expected silence or share"),
        (lambda model: model.separate(song(1), RATE, ["tone"]), r"\['tone'\]: expected an instrument, or weights"),
        (lambda model: model.separate(song(1), RATE, {"tone": 1.2}), "tone=1.2: a weight must be between 0 and 1"),
        (lambda model: model.separate(song(1), RATE, {"tone": float("nan")}), "a weight must be between 0 and 1"),
        (lambda model: model.separate(song(1).T, RATE, "tone"), "Transpose it"),
        (lambda model: model.separate(np.zeros((3, 4, 5)), RATE, "tone"), r"\(samples,\) or \(samples, channels\)"),
        (lambda model: model.separate(np.zeros(0), RATE, "tone"), r"\(samples,\) or \(samples, channels\)"),
        (lambda model: model.separate(np.zeros(9, np.int16), RATE, "tone"), r"int16\. Convert it to floating point"),
        (lambda model: model.separate(song(1), 0, "tone"), "rate=0"),
        (lambda model: model.separate(song(1), 44100.5, "tone"), "rate=44100.5"),
        (lambda model: model.separate(song(1), 2**30, "tone"), "the audio has a sample rate of 1073741824 Hz. Convert"),
        (lambda model: model.separate(song(1), 999_983, "tone"), "the audio has a sample rate of 999983 Hz, which"),
        (
            lambda model: model.separate(np.where(song(1) > 0.5, np.nan, 0), RATE, "tone"),
            "the audio contains NaN or infinite values",
        ),
        (
            lambda model: model.separate(np.full(RATE, np.inf), RATE, "tone"),
            "the audio contains NaN or infinite values",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(model: Model, ask: Callable[[Model], object], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        ask(model)
