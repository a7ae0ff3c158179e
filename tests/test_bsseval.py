"""museval is the reference: the same scores, frame by frame."""

from collections.abc import Callable

import museval
import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal

from cunet import bsseval

Array = npt.NDArray[np.float64]
TOLERANCE, ILL_CONDITIONED = 1e-6, 1e-4  # dB
ROUNDING = 200.0  # dB, beyond which a part is nothing but rounding errors
SAMPLES = 6000
FRAME = 2000


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def song(sources: int = 2, channels: int = 1, samples: int = SAMPLES) -> tuple[Array, Array]:
    """References of different colours, and estimates with interference and artifacts."""
    references = noise(sources, samples, channels)
    for number, reference in enumerate(references):
        references[number] = scipy.signal.lfilter([1.0], [1.0, 0.3 * number - 0.6], reference, axis=0)
    return references, references + 0.2 * references[::-1] + 0.1 * noise(*references.shape, seed=1)


def assert_equal(ours: bsseval.Scores, reference: tuple[Array, ...], tolerance: float = TOLERANCE) -> None:
    for mine, other in zip(ours, reference, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(other))
        audible = (other < ROUNDING) & (other > -ROUNDING)
        np.testing.assert_allclose(mine[audible], other[audible], rtol=0, atol=tolerance)
        assert (mine[other >= ROUNDING] >= ROUNDING).all()


def museval_v4(references: bsseval.Signals, estimates: bsseval.Signals, window: float, hop: float) -> tuple[Array, ...]:
    scores: tuple[Array, ...] = museval.evaluate(references, estimates, win=window, hop=hop)
    return scores


def silent_reference(references: Array, estimates: Array) -> None:
    references[0, FRAME : 2 * FRAME] = 0


def silent_estimate(references: Array, estimates: Array) -> None:
    estimates[1, :FRAME] = 0


def cancelling_channels(references: Array, estimates: Array) -> None:
    references[0, :FRAME, 1] = -references[0, :FRAME, 0]


def mono_on_both_channels(references: Array, estimates: Array) -> None:
    references[..., 1] = references[..., 0]


def silent_channel(references: Array, estimates: Array) -> None:
    references[0, :, 1] = 0


def identical_references(references: Array, estimates: Array) -> None:
    references[1] = references[0]


def perfect(references: Array, estimates: Array) -> None:
    estimates[:] = references


def mixture(references: Array, estimates: Array) -> None:
    estimates[:] = references.sum(axis=0)


def quiet(references: Array, estimates: Array) -> None:
    references *= 1e-7
    estimates *= 1e-7


def offset(references: Array, estimates: Array) -> None:
    references += 10
    estimates += 10


def resampled(references: Array, estimates: Array) -> None:
    """From 8 kHz to 44.1 kHz: no energy in four fifths of the band; the condition number is 1e8."""
    for signals in (references, estimates):
        signals[:] = scipy.signal.resample_poly(signals[:, :1200], 441, 80, axis=1)[:, :SAMPLES]
    estimates += 1e-2 * noise(*estimates.shape, seed=2)


@pytest.mark.parametrize(
    "change",
    [
        silent_reference,
        silent_estimate,
        perfect,
        mixture,
        quiet,
        offset,
    ],
)
def test_scores_are_those_of_museval(change: Callable[[Array, Array], None]) -> None:
    references, estimates = song()
    change(references, estimates)
    ours = bsseval.bss_eval_v4(references, estimates, FRAME, FRAME)
    assert_equal(ours, museval_v4(references, estimates, FRAME, FRAME))


@pytest.mark.parametrize("change", [cancelling_channels, mono_on_both_channels, silent_channel])
def test_stereo_scores_are_those_of_museval(change: Callable[[Array, Array], None]) -> None:
    references, estimates = song(channels=2)
    change(references, estimates)
    ours = bsseval.bss_eval_v4(references, estimates, FRAME, FRAME)
    assert_equal(ours, museval_v4(references, estimates, FRAME, FRAME))


def test_band_limited_scores_are_those_of_museval_as_far_as_their_condition_allows() -> None:
    references, estimates = song()
    resampled(references, estimates)
    ours = bsseval.bss_eval_v4(references, estimates, FRAME, FRAME)
    assert_equal(ours, museval_v4(references, estimates, FRAME, FRAME), ILL_CONDITIONED)


@pytest.mark.parametrize("sources", [1, 2])
@pytest.mark.parametrize(
    ("window", "hop"),
    [(FRAME, FRAME), (2500, 900.5), (300, 300), (SAMPLES, SAMPLES), (SAMPLES + 1, 10), (np.inf, np.inf)],
)
def test_frames_are_those_of_museval(sources: int, window: float, hop: float) -> None:
    references, estimates = song(sources)
    ours = bsseval.bss_eval_v4(references, estimates, window, hop)
    assert_equal(ours, museval_v4(references, estimates, window, hop))


def test_long_blocks_and_single_precision() -> None:
    references, estimates = (signals.astype(np.float32) for signals in song(samples=40_000))
    ours = bsseval.bss_eval_v4(references, estimates, 18_000, 9_000)
    assert_equal(ours, museval_v4(references, estimates, 18_000, 9_000))


def test_equal_references_share_no_artifacts_with_museval_alone() -> None:
    """There is no interference then, which museval puts at its rounding errors, hundreds of dB below."""
    references, estimates = song()
    identical_references(references, estimates)
    ours = bsseval.bss_eval_v4(references, estimates, FRAME, FRAME)
    reference = museval_v4(references, estimates, FRAME, FRAME)
    for mine, other in zip(ours[::3], reference[::3], strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=TOLERANCE)
    assert (ours.sir > ROUNDING).all()


def test_v3_is_that_of_museval() -> None:
    references, estimates = song(3)
    sdr, sir, sar, _ = museval.metrics.bss_eval_sources(references, estimates, compute_permutation=False)
    assert_equal(bsseval.bss_eval_v3(references, estimates), (sdr, np.full_like(sdr, np.nan), sir, sar))


def test_many_estimates_score_as_one_at_a_time() -> None:
    references, estimates = song()
    prepared = bsseval.References(references, FRAME, FRAME)
    together = prepared.score(np.concatenate([estimates, estimates + 1]), [1, 0, 1, 0])
    for number, (estimate, source) in enumerate(zip((*estimates, *(estimates + 1)), (1, 0, 1, 0), strict=True)):
        alone = prepared.score([estimate], [source])
        for mine, other in zip(together, alone, strict=True):
            np.testing.assert_allclose(mine[number], other[0], rtol=0, atol=1e-9)


def test_a_silent_frame_of_one_estimate_leaves_the_others_alone() -> None:
    references, estimates = song()
    silent_estimate(references, estimates)
    lost = np.isnan(bsseval.References(references, FRAME, FRAME).score(estimates).sir)
    np.testing.assert_array_equal(lost, [[False] * 3, [True, False, False]])


def test_threads_change_no_bit() -> None:
    references, estimates = song(samples=40_000)
    one, other = (bsseval.bss_eval_v4(references, estimates, 8000, 4000, workers) for workers in (1, 3))
    np.testing.assert_array_equal(one, other)


def test_sdr_alone_is_that_of_all_scores() -> None:
    references, estimates = song(channels=2)
    silent_reference(references, estimates)
    expected = museval_v4(references[:1], estimates[:1], FRAME, 900)[0][0]
    np.testing.assert_allclose(bsseval.sdr_v4(references[0], estimates[0], FRAME, 900), expected, atol=TOLERANCE)


def test_sdr_of_a_perfect_estimate_is_infinite() -> None:
    reference = noise(SAMPLES)
    assert (bsseval.sdr_v4(reference, reference, FRAME, FRAME) == np.inf).all()


def test_si_sdr_is_its_formula_and_ignores_level() -> None:
    references, estimates = song(channels=2)
    s, e = references[0].ravel(), estimates[0].ravel()
    target = (s @ e) / (s @ s) * s
    expected = 10 * np.log10(np.sum(target**2) / np.sum((target - e) ** 2))
    assert bsseval.si_sdr(references[0], estimates[0]) == pytest.approx(expected)
    assert bsseval.si_sdr(references[0], 0.1 * estimates[0]) == pytest.approx(expected)
    assert np.isnan(bsseval.si_sdr(references[0], 0 * estimates[0]))


def test_sdr_of_2021_is_its_formula_also_in_silence() -> None:
    references, estimates = song(channels=2)
    s, e = references[0], estimates[0]
    expected = 10 * np.log10((np.sum(s**2) + 1e-7) / (np.sum((s - e) ** 2) + 1e-7))
    assert bsseval.sdr_2021(s, e) == pytest.approx(expected)
    assert bsseval.sdr_2021(0 * s, 0 * e) == 0


@pytest.mark.parametrize(
    ("references", "estimates", "message"),
    [
        (noise(2, 100, 1), noise(2, 90, 1), r"\(2, 100, 1\).*\(2, 90, 1\)"),
        (noise(2, 0, 1), noise(2, 0, 1), r"\(2, 0, 1\)"),
        (noise(2, 100, 1), np.full((2, 100, 1), np.nan), r"estimates of shape \(2, 100, 1\).*NaN or infinite"),
        (np.zeros((1, 100, 1)), noise(1, 100, 1), "reference 0 is silent"),
        (noise(1, 100, 1), np.zeros((1, 100, 1)), "estimate 0 is silent"),
    ],
)
def test_errors_say_what_is_wrong(references: Array, estimates: Array, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bsseval.bss_eval_v4(references, estimates, 50, 50)


def test_frames_have_at_least_one_sample() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        bsseval.bss_eval_v4(*song(), 0, 10)
