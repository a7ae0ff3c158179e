"""A trained model on audio of all kinds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

import cunet
from cunet.errors import UserError
from cunet.masking.masks import apply_masks
from cunet.masking.separator import Separator
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.separate import estimates
from cunet.separate.model import Model
from cunet.signals.resampling import resample
from tests.test_audio import noise

RATE = 44100


def energy_above(waveform: np.ndarray, hertz: float, rate: int = RATE) -> float:
    spectrum = np.abs(np.fft.rfft(waveform, axis=0)) ** 2
    return float(spectrum[round(hertz * len(waveform) / rate) :].sum() / spectrum.sum())


def song(seconds: float = 6.0, rate: int = RATE, channels: int = 2) -> np.ndarray:
    """Noise whose colour and level change, so that no two patches are alike."""
    waveform = noise(seconds, channels, rate)
    swell = 0.6 + 0.4 * np.sin(np.arange(len(waveform)) / rate * 3)
    waveform[1:] += 0.7 * waveform[:-1]
    return (waveform * swell[:, None]).astype(np.float32)


@pytest.mark.parametrize("rate", [RATE, 8192, 192000, 8000])
@pytest.mark.parametrize("above", ["silence", "share"])
def test_pieces_are_the_same_as_the_whole(
    model: Model, monkeypatch: pytest.MonkeyPatch, rate: int, above: estimates.Above
) -> None:
    waveform = song(3 if rate > RATE else 6, rate)
    whole = model.separate(waveform, rate, {"tone": 1, "clicks": 0.5}, above)
    monkeypatch.setattr(estimates, "VALUES", 2 * rate)  # a second
    pieces = model.separate(waveform, rate, {"tone": 1, "clicks": 0.5}, above)
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.9])
def test_pieces_are_the_same_as_the_whole_whatever_the_overlap(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch, overlap: float
) -> None:
    model = cunet.load_model(model_folder, overlap)
    waveform = song(5)
    whole = model.separate(waveform, RATE, "tone")
    monkeypatch.setattr(estimates, "VALUES", RATE)
    np.testing.assert_allclose(model.separate(waveform, RATE, "tone"), whole, atol=1e-5)


def test_an_estimate_is_that_of_the_evaluation(model_folder: Path, prepared: Path, songs: Path) -> None:
    mixture = np.mean(
        [resample_source(songs / "test" / "song 0" / f"{name}.wav") for name in ("clicks", "noise", "tone")], axis=0
    )
    mixture = 3 * mixture
    separator = Separator(model_folder, 0.5)
    model = cunet.load_model(model_folder)
    track = TrackSpectrograms(prepared / "test" / "song 0.h5")
    masks = separator.masks(track, {"tone": model.condition("tone")})
    settings = separator.architecture.spectrogram
    low = apply_masks(masks, resample(mixture, 22050, settings.sample_rate), settings)["tone"]
    expected = resample(low, settings.sample_rate, 22050)[: len(mixture)]
    np.testing.assert_allclose(model.separate(mixture, 22050, "tone"), expected, atol=1e-4)


def resample_source(path: Path) -> np.ndarray:
    from cunet.audio import read_audio

    return read_audio(path)[0]


@pytest.mark.parametrize("rate", [RATE, 8192, 16000])
def test_stems_add_up_to_the_mixture(model: Model, rate: int) -> None:
    waveform = song(4, rate)
    stems = model.stems(waveform, rate, "share", add_up=True)
    assert list(stems) == ["clicks", "noise", "tone"]
    np.testing.assert_allclose(sum(stems.values()), waveform, atol=1e-5)
    assert all(np.abs(stem).max() > 0.01 for stem in stems.values())


def test_stems_that_need_not_add_up_do_not(model: Model) -> None:
    waveform = song(4)
    assert np.abs(sum(model.stems(waveform, RATE, "share").values()) - waveform).max() > 0.05


def test_above_the_band_is_silence_or_a_share(model: Model) -> None:
    waveform = song(4)
    silent, shared = (model.separate(waveform, RATE, "tone", above) for above in ("silence", "share"))
    assert energy_above(waveform, 5000) > 0.3
    assert energy_above(silent, 5000) < 1e-4
    assert energy_above(shared, 5000) > 0.1
    assert np.abs(shared).max() < 1.5 * np.abs(waveform).max()


def test_the_level_of_the_song_is_that_of_the_estimate(model: Model) -> None:
    waveform = song(3)
    loud, faint = model.separate(waveform, RATE, "noise"), model.separate(0.01 * waveform, RATE, "noise")
    np.testing.assert_allclose(100 * faint, loud, atol=1e-3)


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
        (lambda model: model.separate(song(1), RATE, "guitar"), "knows no 'guitar': it knows clicks, noise, tone"),
        (lambda model: model.separate(song(1), RATE, {"tone": 1.2}), "tone=1.2: a weight lies between 0 and 1"),
        (lambda model: model.separate(song(1), RATE, {"tone": float("nan")}), "a weight lies between 0 and 1"),
        (lambda model: model.separate(song(1).T, RATE, "tone"), "transpose it"),
        (lambda model: model.separate(np.zeros((3, 4, 5)), RATE, "tone"), r"\(samples,\) or \(samples, channels\)"),
        (lambda model: model.separate(np.zeros(0), RATE, "tone"), r"\(samples,\) or \(samples, channels\)"),
        (lambda model: model.separate(np.zeros(9, np.int16), RATE, "tone"), "int16: expected floating point"),
        (lambda model: model.separate(song(1), 0, "tone"), "rate=0"),
        (lambda model: model.separate(song(1), 44100.5, "tone"), "rate=44100.5"),
        (lambda model: model.separate(song(1), 2**30, "tone"), "the audio has a sample rate of 1073741824 Hz: convert"),
        (lambda model: model.separate(song(1), 999_983, "tone"), "the audio has a sample rate of 999983 Hz, which"),
        (
            lambda model: model.separate(np.where(song(1) > 0.5, np.nan, 0), RATE, "tone"),
            "the audio holds values that are not finite",
        ),
        (
            lambda model: model.separate(np.full(RATE, np.inf), RATE, "tone"),
            "the audio holds values that are not finite",
        ),
        (lambda model: model.stems(song(1), RATE, add_up=True), "without its share above the model's band"),
    ],
)
def test_what_cannot_be_asked_is_said(model: Model, ask: Callable[[Model], object], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        ask(model)


def test_missing_and_foreign_models_are_said(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def copy(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in model_folder.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        return folder

    bare, lost, torn, evil = (copy(name) for name in ("bare", "lost", "torn", "evil"))
    (bare / "architecture.json").unlink()
    (lost / "simple-dense.weights.h5").unlink()
    (torn / "simple-dense.weights.h5").write_bytes(b"nothing of use")
    description = (evil / "architecture.json").read_text()
    (evil / "architecture.json").write_text(description.replace('"tone"', '"../../tone"'))
    reasons: dict[str | Path, str] = {
        tmp_path / "none": "no such model",
        bare: "no architecture.json",
        lost: "has no file simple-dense.weights.h5",
        torn: "no model that can be loaded",
        evil: "no model that can be loaded",
        "models:/none@best": "there is no mlflow.db here",
    }
    for source, reason in reasons.items():
        with pytest.raises(UserError, match=reason) as error:
            cunet.load_model(source)
        assert str(source) in str(error.value)
        assert "\n" not in str(error.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(UserError, match=r"models:/none@best: no such model in MLflow \(.*none"):
        cunet.load_model("models:/none@best")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="no such model in MLflow"):
        cunet.load_model("models:/none@best")


def test_weights_of_an_older_control_network_are_refused(model_folder: Path, tmp_path: Path) -> None:
    """They have the same names, and would give other gammas and betas without a word."""
    older = Path(shutil.copytree(model_folder, tmp_path / "older"))
    cunet.load_model(older)
    with h5py.File(older / "simple-dense.weights.h5", "r+") as file:
        del file["layers/rescaling"]
    with pytest.raises(UserError, match=r"older: was trained by an older version.*train it again"):
        cunet.load_model(older)
