"""Audio files of every kind, as written by libsndfile and ffmpeg."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.reading import open_audio, read_audio, read_duration
from tests.sounds import RATE, in_pieces, noise, tone

WRITABLE = [
    (kind, encoding)
    for kind in soundfile.available_formats()
    for encoding in soundfile.available_subtypes(kind)
    if kind != "RAW"  # which has no header
]


ENCODED = {  # by ffmpeg: file names, and codecs that are not those of their suffixes
    **dict.fromkeys([f"default.{suffix}" for suffix in ("wav", "flac", "aiff", "w64", "ogg", "opus", "mp3", "mp2")]),
    **dict.fromkeys(
        [f"default.{suffix}" for suffix in ("m4a", "aac", "ac3", "wma", "mka", "webm", "avi", "tta", "wv")]
    ),
    **{f"{codec}.wav": codec for codec in ("adpcm_ima_wav", "adpcm_ms", "adpcm_yamaha", "mp3", "wmav2")},
    **{"flac.oga": "flac", "alac.mov": "alac", "adpcm.caf": "adpcm_ima_qt"},
}


@pytest.mark.parametrize(("kind", "encoding"), WRITABLE)
def test_all_that_libsndfile_writes_is_the_same_in_pieces_and_whole(tmp_path: Path, kind: str, encoding: str) -> None:
    path = tmp_path / f"song.{kind.lower()}"
    for rate, channels in [(8000, 1)] if kind == "WVE" else [(RATE, 2), (RATE, 1), (8000, 1)]:
        try:
            soundfile.write(path, tone(0.5, channels, rate), rate, encoding, format=kind)
            break
        except soundfile.LibsndfileError:
            continue
    else:
        pytest.skip("this libsndfile does not write it")
    whole, own_rate = read_audio(path)
    with open_audio(path) as audio:
        assert audio.defect == ""
        assert (audio.rate, audio.samples, audio.channels) == (own_rate, *whole.shape)
        np.testing.assert_array_equal(in_pieces(audio, 1001), whole)
    assert read_duration(path) == len(whole) / own_rate
    assert abs(own_rate - rate) < 150  # some headers round it
    assert whole.shape[1] == channels
    sound = tone(0.5, channels, rate)
    error = whole[: len(sound)] - sound
    assert len(sound) <= len(whole) < len(sound) + 1200  # a block of the coarsest encoding
    assert np.sum(error**2) < 0.1 * np.sum(sound**2)


@pytest.fixture(scope="module")
def by_ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second as ffmpeg encodes it in all ways, and beside each file what ffmpeg decodes of it."""
    folder = tmp_path_factory.mktemp("ffmpeg")
    soundfile.write(folder / "source.wav", noise(0.5), RATE, subtype="FLOAT")
    files = [folder / name for name in ENCODED]
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", folder / "source.wav"]
    for file, codec in zip(files, ENCODED.values(), strict=True):
        command += [*(("-c:a", codec) if codec else ()), file]
    subprocess.run(command, check=True)
    command = ["ffmpeg", "-v", "error", *(word for file in files for word in ("-i", file))]
    for number, file in enumerate(files):
        command += ["-map", f"{number}:a", "-f", "f32le", file.with_suffix(f"{file.suffix}.raw")]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.parametrize("name", ENCODED)
def test_what_ffmpeg_writes_is_the_same_in_pieces_as_ffmpeg_decodes(by_ffmpeg: Path, name: str) -> None:
    whole = np.fromfile(by_ffmpeg / f"{name}.raw", np.float32).reshape(-1, 2)
    with open_audio(by_ffmpeg / name) as audio:
        assert audio.defect == ""
        assert audio.channels == 2
        assert abs(audio.samples - len(whole)) < 2100  # libsndfile and ffmpeg differ in the padding of some encodings
        shared = min(audio.samples, len(whole))
        np.testing.assert_allclose(in_pieces(audio, 7001)[:shared], whole[:shared], atol=2e-3)  # and in rounding
