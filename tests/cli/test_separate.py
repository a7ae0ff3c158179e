"""`cunet separate` as it is typed."""

import os
import struct
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile

from cunet.audio.libsndfile import AudioFile
from cunet.audio.reading import open_audio
from cunet.cli import main
from cunet.conditions.sets import single_conditions
from tests.saved import save_model
from tests.separate.conftest import song
from tests.sounds import cut, encode, noise, patch

RATE = 22050
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def separate(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in a folder with the songs `a.wav`, `b.flac` and `album/1/c.wav`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "album" / "1").mkdir(parents=True)
    for name, rate in (("a.wav", RATE), ("b.flac", 48000), ("album/1/c.wav", 8192)):
        soundfile.write(name, song(1.5, rate), rate)

    def run(*arguments: str, model: str | None = str(model_folder)) -> tuple[int, str, str]:
        options = [] if model is None else ["--model", model]
        monkeypatch.setattr(sys, "argv", ["cunet", "separate", *arguments, *options])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = 1 if isinstance(stop.code, str) else int(stop.code or 0)
            print(stop.code if isinstance(stop.code, str) else "", file=sys.stderr)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def made(folder: str = "separated") -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def test_every_instrument_of_a_song_is_written_at_its_rate_and_length(separate: Command) -> None:
    status, out, _ = separate("a.wav")
    assert status == 0
    assert out.splitlines() == [f"separated/a/{name}.wav" for name in ("clicks", "noise", "tone")]
    for path in out.splitlines():
        written = soundfile.info(path)
        assert (written.samplerate, written.frames, written.channels) == (RATE, round(1.5 * RATE), 2)
        assert written.subtype == "FLOAT"
    assert made() == ["a/clicks.wav", "a/noise.wav", "a/tone.wav"]


def test_files_folders_and_globs_are_songs(separate: Command) -> None:
    assert separate("*.wav", "b.flac", "album", "--target", "tone", "--target", "noise", "--out", "x")[0] == 0
    assert made("x") == [f"{song}/{name}.wav" for song in ("1/c", "a", "b") for name in ("noise", "tone")]


def test_a_folder_that_holds_its_own_estimates_is_not_separated_twice(separate: Command) -> None:
    for _ in range(2):
        assert separate(".", "--target", "tone", "--overwrite")[0] == 0
    assert made() == ["a/tone.wav", "album/1/c/tone.wav", "b/tone.wav"]


def test_links_are_followed_and_loops_do_not_end_the_search(separate: Command, tmp_path: Path) -> None:
    Path("songs/album/deep").mkdir(parents=True)
    Path("songs/album/deep/d.wav").write_bytes(Path("a.wav").read_bytes())
    Path("songs/linked").symlink_to(tmp_path / "album", target_is_directory=True)
    Path("album/back").symlink_to(tmp_path / "songs", target_is_directory=True)
    Path("songs/e.wav").symlink_to(tmp_path / "a.wav")
    Path("songs/gone").symlink_to("nowhere")
    Path("songs/loop.wav").symlink_to("loop.wav")
    status, out, err = separate("songs", "--target", "tone")
    assert made() == ["album/deep/d/tone.wav", "e/tone.wav", "linked/1/c/tone.wav"]
    assert len(out.splitlines()) == 3
    assert status == 1
    assert "songs/linked/back: skipped, as a link to " in err
    assert [line for line in err.splitlines() if line.startswith("error: ")] == [
        "error: songs/gone: no such file",
        "error: songs/loop.wav: no such file",
        "error: 2 of 5 songs could not be separated; see above",
    ]


def test_what_systems_leave_in_folders_is_no_song(separate: Command) -> None:
    for name in ("._a.wav", ".Trash-1000/files/b.wav", "@eaDir/c.wav", "__MACOSX/d.wav", "$RECYCLE.BIN/e.wav"):
        Path("album", name).parent.mkdir(parents=True, exist_ok=True)
        Path("album", name).write_bytes(b"no song")
    Path("album/...And Justice.wav").write_bytes(Path("a.wav").read_bytes())
    for songs in ("album", "album/**"):
        assert separate(songs, "--target", "tone", "--overwrite")[0] == 0
    assert made() == ["...And Justice/tone.wav", "1/c/tone.wav", "c/tone.wav"]


def test_one_song_in_two_formats_is_separated_twice(separate: Command) -> None:
    soundfile.write("album/1/c.flac", song(0.5, RATE), RATE)
    assert separate("album", "a.wav", "--target", "tone")[0] == 0
    assert made() == ["1/c.flac/tone.wav", "1/c.wav/tone.wav", "a/tone.wav"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9 \xff", r"caf\xe9 \xff"),
        (b"Song #1 $5 for $x %s?", "Song #1 $5 for $x %s?"),
        ("曲\n<b>|`".encode(), r"曲\n<b>|`"),
    ],
)
def test_a_song_may_be_called_anything(separate: Command, name: bytes, shown: str) -> None:
    song, damaged = Path(os.fsdecode(name + b".wav")), Path(os.fsdecode(name + b".flac"))
    song.write_bytes(Path("a.wav").read_bytes())
    assert separate(str(song), "--target", "tone")[:2] == (0, f"separated/{shown}/tone.wav\n")
    assert made() == [f"{song.stem}/tone.wav"]
    damaged.write_bytes(b"nothing")
    status, _, err = separate(str(damaged), "--target", "tone", "--out", "x")
    assert status == 1
    assert err.startswith(f"error: {shown}.flac: cannot be decoded")
    assert err.count("\n") == 1


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_instrument_may_be_typed_in_either_form(
    separate: Command, tmp_path: Path, form: Literal["NFC", "NFD"]
) -> None:
    model = save_model(tmp_path / "accents", conditions=single_conditions(("chœur né", "tone")))
    typed = unicodedata.normalize(form, "chœur né")
    assert separate("a.wav", "--target", typed, model=str(model))[0] == 0
    assert separate("a.wav", "--mix", f"{typed}=0.5", "--out", "half", model=str(model))[0] == 0
    assert made() == made("half") == ["a/chœur né.wav"]  # without its weight


def test_a_mix_is_the_weighted_sum_that_is_asked_for(separate: Command, model_folder: Path) -> None:
    import cunet

    assert separate("a.wav", "--mix", "tone, noise=0.5")[0] == 0
    assert made() == ["a/0.5 noise+tone.wav"]
    waveform, rate = soundfile.read("a.wav", dtype="float32")
    expected = cunet.load_model(model_folder).separate(waveform, rate, {"tone": 1, "noise": 0.5})
    written = soundfile.read("separated/a/0.5 noise+tone.wav", dtype="float32")[0]
    np.testing.assert_allclose(written, expected, atol=1e-6)


@pytest.mark.parametrize(("suffix", "error"), [("wav", 1e-5), ("flac", 1e-5), ("ogg", 0.8), ("mp3", 0.8)])
def test_formats_keep_length_and_sum(separate: Command, suffix: str, error: float) -> None:
    # Of lossy formats, noise keeps less than half; a shift would leave 1.4.
    assert separate("b.flac", "--format", suffix)[0] == 0
    waveform = soundfile.read("b.flac")[0]
    stems = [soundfile.read(f"separated/b/{name}.{suffix}")[0] for name in ("clicks", "noise", "tone")]
    assert [stem.shape for stem in stems] == [waveform.shape] * 3
    assert np.sqrt(np.mean((sum(stems) - waveform) ** 2)) < error * np.sqrt(np.mean(waveform**2))


def test_what_ffmpeg_alone_reads_is_separated(separate: Command, tmp_path: Path) -> None:
    encode(noise(1.0), tmp_path / "film.m4a")
    status, out, _ = separate("film.m4a", "--target", "tone")
    assert (status, out) == (0, "separated/film/tone.wav\n")


def test_nothing_is_overwritten_unless_told_to(separate: Command) -> None:
    separate("a.wav", "--target", "tone")
    Path("separated/a/tone.wav").write_bytes(b"mine")
    status, _, err = separate("a.wav", "b.flac")
    assert status == 1
    assert err == "error: separated/a/tone.wav: already exists. Add --overwrite, or choose another --out.\n"
    assert made() == ["a/tone.wav"]
    assert Path("separated/a/tone.wav").read_bytes() == b"mine"
    assert separate("a.wav", "--target", "tone", "--overwrite")[0] == 0
    assert soundfile.info("separated/a/tone.wav").frames == round(1.5 * RATE)


def test_one_bad_song_does_not_keep_the_others_from_being_separated(separate: Command) -> None:
    Path("bad.wav").write_bytes(b"nothing")
    soundfile.write("nan.wav", np.full((RATE, 2), np.nan), RATE, subtype="FLOAT")
    status, out, err = separate("bad.wav", "nan.wav", "a.wav", "--target", "tone")
    assert status == 1
    assert out == "separated/a/tone.wav\n"
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith("error: bad.wav: cannot be decoded")
    assert errors[1].startswith("error: nan.wav: contains NaN or infinite values. Replace the file.")
    assert errors[2] == "error: 2 of 3 songs could not be separated; see above"
    assert made() == ["a/tone.wav"]
    assert not Path("separated/nan").exists()


def test_a_song_that_needs_too_much_memory_does_not_end_the_others(
    separate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, longest: float | None = None) -> AbstractContextManager[AudioFile]:
        if path.name == "b.flac":
            raise MemoryError("Unable to allocate 9 GiB")
        return open_audio(path, longest)

    monkeypatch.setattr("cunet.separate.songs.open_audio", refused)
    status, out, err = separate("b.flac", "a.wav", "--target", "tone")
    assert (status, out) == (1, "separated/a/tone.wav\n")
    assert "error: b.flac: not enough memory (Unable to allocate 9 GiB). Close other programs" in err
    assert "error: 1 of 2 songs could not be separated; see above" in err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.wav"], "none.wav: no such file"),
        ([f"{'n' * 300}.wav"], "File name too long. Choose a shorter name"),
        (["none.wav", "gone.wav"], "none.wav: no such file (and 1 more)"),
        (["*.xyz"], "*.xyz: no file matches"),
        (["empty"], "empty: no audio file in this folder"),
        (["a.wav", "--target", "guitar"], "unknown instrument 'guitar'; the model separates clicks, noise, tone"),
        (["a.wav", "--target", "Tone"], "clicks, noise, tone; did you mean tone?"),
        (["a.wav", "--target", "tone,noise"], "ask for their sum with tone=1,noise=1"),
        (["a.wav", "--mix", "tone:1"], "unknown instrument 'tone:1'; the model separates clicks, noise, tone; write"),
        (["a.wav", "--mix", "tone=0,5"], "write decimals with a point, as in 0.5"),
        (["a.wav", "--mix", "tone=2"], "tone=2: a weight must be between 0 and 1"),
        (["-", "-"], "standard input is a single song"),
        (["a.wav", "--two-stems", ""], "unknown instrument ''"),
        (["a.wav", "--two-stems", "guitar"], "unknown instrument 'guitar'; the model separates clicks, noise, tone"),
        (["a.wav", "--mix", "tone=loud"], "'loud' is not a number"),
        (["a.wav", "--mix", "tone,tone"], "missing or repeated instrument"),
        (["a.wav", "album/a.wav"], "has the same folder for estimates as a.wav (separated/a)"),
        (["...wav"], "would be outside separated. Rename it"),
        (["wide.wav", "--format", "mp3"], "mp3 cannot hold 8 channel(s) at 192000 Hz"),
        (["a.wav", "--out", "a.wav"], "cannot be written"),
        (["a.wav", "--mix", ""], "missing or repeated instrument"),
        (["a.wav", "--mix", "tone=0"], "all weights are 0"),
        (["album", "--out", "album"], "Choose another --out"),
        ([""], "a song has an empty name. Is a shell variable empty?"),
        (["loop/a.wav", "loop/a.wav"], "loop/a.wav: no such file"),
        (["album/1/c.wav", "--out", "separated", "--overwrite"], "separated/c/tone.wav: an estimate would have"),
        (
            ["album/1/tone/tone.wav", "--out", "album/1", "--overwrite"],
            "album/1/tone/tone.wav: an estimate would replace",
        ),
    ],
)
def test_mistakes_end_in_one_line(separate: Command, arguments: list[str], reason: str) -> None:
    Path("empty").mkdir()
    soundfile.write("album/a.wav", song(0.5, RATE), RATE)
    Path("...wav").write_bytes(Path("a.wav").read_bytes())
    soundfile.write("wide.wav", song(0.1, 192000, 8), 192000)
    Path("loop").symlink_to("loop")
    Path("separated/c/tone.wav").mkdir(parents=True)
    Path("album/1/tone").mkdir()
    soundfile.write("album/1/tone/tone.wav", song(0.1, RATE), RATE)
    before = sorted(Path().rglob("*"))
    status, out, err = separate(*arguments)
    assert status == 1
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert reason in line
    assert sorted(Path().rglob("*")) == before


def test_eight_channels_at_192_khz_are_separated(separate: Command) -> None:
    soundfile.write("wide.wav", song(0.5, 192000, 8), 192000)
    assert separate("wide.wav", "--target", "tone")[0] == 0
    written = soundfile.info("separated/wide/tone.wav")
    assert (written.samplerate, written.frames, written.channels) == (192000, 96000, 8)


def test_of_a_song_cut_off_all_there_is_is_separated_and_the_rest_is_told(separate: Command) -> None:
    cut(Path("a.wav"))
    status, out, err = separate("a.wav", "--target", "tone")
    assert (status, out) == (0, "separated/a/tone.wav\n")
    assert "warning: a.wav: ends after 1.0 s of the 1.5 s that its header declares (" in err
    assert soundfile.info("separated/a/tone.wav").frames == soundfile.info("a.wav").frames


def test_a_song_with_an_absurd_header_is_refused_at_once(separate: Command) -> None:
    patch(Path("a.wav"), b"fmt ", 12, struct.pack("<I", 2**31 - 1))
    soundfile.write("awkward.wav", song(0.1, 999_983), 999_983)
    for name, reason in (
        ("a.wav", "a.wav: has a sample rate of 2147483647 Hz. Convert it to between 1000 and 1000000 Hz"),
        (
            "awkward.wav",
            "awkward.wav: has a sample rate of 999983 Hz, which has too small a common divisor with 8192 Hz",
        ),
    ):
        status, _, err = separate(name)
        assert status == 1
        assert err.splitlines()[-1].startswith(f"error: {reason}")
        assert made() == []


def test_a_full_temporary_folder_is_said_and_not_taken_for_a_bad_song(
    separate: Command, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode(noise(4.0), Path("film.m4a"))
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    status, _, err = separate("film.m4a")
    assert status == 1
    assert err.splitlines()[-1] == (
        f"error: {small_disk}: temporary files cannot be written (No space left on device). Free some space, or set "
        "TMPDIR to another folder."
    )
    assert made() == []


def test_clipped_peaks_are_told(separate: Command) -> None:
    soundfile.write("loud.wav", 40 * song(1, RATE), RATE, subtype="FLOAT")
    _, _, err = separate("loud.wav", "--target", "tone", "--format", "flac")
    assert "separated/loud/tone.flac: peaks of " in err
    assert "Use --format wav to keep them" in err
    separate("loud.wav", "--target", "tone")
    assert np.abs(soundfile.read("separated/loud/tone.wav")[0]).max() > 1


def test_a_folder_that_may_not_be_written_to_is_said(separate: Command, model_folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o555)
    command = [sys.executable, "-m", "cunet", "separate", "a.wav", "--model", str(model_folder), "--out", "kept"]
    if os.geteuid() != 0:
        status, _, err = separate("a.wav", "--out", "kept")
    else:  # root may write anywhere but on a read-only mount
        mount = f"mount --bind kept kept && mount -o remount,ro,bind kept && exec {' '.join(command)}"
        done = subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True, check=False)
        if "unshare" in done.stderr or "mount:" in done.stderr:
            pytest.skip("neither a user nor mounts of its own")
        status, err = done.returncode, done.stderr
    assert status == 1
    assert err.splitlines()[-1].startswith("error: kept/a: cannot be written (")
    assert "Traceback" not in err


def test_two_stems_are_an_instrument_and_everything_else(separate: Command) -> None:
    status, out, _ = separate("a.wav", "--two-stems", "tone", "-o", "x")
    assert status == 0
    assert out.splitlines() == ["x/a/tone.wav", "x/a/no_tone.wav"]
    tone, rest = (soundfile.read(path)[0] for path in out.splitlines())
    np.testing.assert_allclose(tone + rest, soundfile.read("a.wav")[0], atol=1e-5)
    separate("a.wav", "--target", "tone")
    np.testing.assert_array_equal(soundfile.read("separated/a/tone.wav")[0], tone)


@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_a_format_has_an_option_of_its_own(separate: Command, suffix: str) -> None:
    assert separate("b.flac", "--target", "tone", f"--{suffix}")[0] == 0
    assert made() == [f"b/tone.{suffix}"]
    assert soundfile.info(f"separated/b/tone.{suffix}").format == suffix.upper()


def from_standard_input(sound: bytes, model: Path, *options: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "cunet", "separate", "-", "--model", str(model), *options]
    return subprocess.run(command, input=sound, capture_output=True)


def test_a_song_may_come_in_on_standard_input(separate: Command, model_folder: Path, tmp_path: Path) -> None:
    done = from_standard_input(Path("b.flac").read_bytes(), model_folder, "--target", "tone")
    assert done.returncode == 0, done.stderr
    assert separate("b.flac", "--target", "tone")[0] == 0
    found, expected = (soundfile.read(f"separated/{name}/tone.wav")[0] for name in ("stdin", "b"))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("sound", "reason"), [(b"", b"error: -: standard input is empty\n"), (b"no song", b"error: -: cannot be decoded")]
)
def test_what_is_no_song_on_standard_input_is_said(
    separate: Command, model_folder: Path, sound: bytes, reason: bytes
) -> None:
    done = from_standard_input(sound, model_folder)
    assert done.returncode == 1
    assert reason in done.stderr
    assert b"Traceback" not in done.stderr
    assert made() == []


def test_a_song_without_standard_input_keeps_its_name_in_errors(separate: Command) -> None:
    Path("None.wav").write_bytes(b"no song")
    status, _, err = separate("None.wav")
    assert status == 1
    assert err.startswith("error: None.wav: cannot be decoded")


def test_without_a_model_the_one_that_was_trained_here_separates(separate: Command, model_folder: Path) -> None:
    Path("models/cunet").mkdir(parents=True)
    Path("models/cunet/0").symlink_to(model_folder)
    status, _, err = separate("a.wav", model=None)
    assert status == 0
    assert "model: models/cunet/0\n" in err
    assert made() == ["a/clicks.wav", "a/noise.wav", "a/tone.wav"]
    assert separate("a.wav", "-o", "x", model="starter")[0] == 0
    assert made("x") == ["a/drums.wav", "a/other.wav", "a/vocals.wav"]


def test_without_any_model_the_starter_model_separates(separate: Command) -> None:
    Path("starter").mkdir()  # no model, though it is called so
    status, out, err = separate("a.wav", model=None)
    assert status == 0
    assert "model: starter\n" in err
    assert out.splitlines() == [f"separated/a/{name}.wav" for name in ("drums", "other", "vocals")]
    stems = [soundfile.read(path)[0] for path in out.splitlines()]
    assert all(np.abs(stem).max() > 0.001 for stem in stems)


def test_the_starter_model_needs_no_tensorflow(separate: Command) -> None:
    code = "import sys, cunet; cunet.load_model(); sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_above_the_models_band_there_is_a_share_of_the_song_unless_silence_is_asked_for(separate: Command) -> None:
    energies = {}
    for above in ([], ["--above", "silence"]):
        assert separate("b.flac", *above, "--target", "noise", "--overwrite")[0] == 0
        waveform, rate = soundfile.read("separated/b/noise.wav")
        spectrum = np.abs(np.fft.rfft(waveform, axis=0)) ** 2
        energies["silence" in above] = spectrum[round(5000 * len(waveform) / rate) :].sum()
    assert energies[False] > 1000 * energies[True]


def test_masks_may_be_those_of_the_network_itself(separate: Command) -> None:
    waveform = soundfile.read("a.wav")[0]
    errors = {}
    for consistency in ("ratio", "none"):
        assert separate("a.wav", "--consistency", consistency, "--out", consistency)[0] == 0
        stems = [soundfile.read(f"{consistency}/a/{name}.wav")[0] for name in ("clicks", "noise", "tone")]
        errors[consistency] = np.abs(sum(stems) - waveform).max()
    assert errors["ratio"] < 1e-5
    assert errors["none"] > 0.01


def test_a_full_folder_for_estimates_is_the_cause(separate: Command, small_disk: Path) -> None:
    soundfile.write("long.wav", song(10, RATE), RATE)
    status, _, err = separate("long.wav", "--out", str(small_disk / "out"))
    assert status == 1
    assert f"{small_disk}/out/long: cannot be written (No space left on device). Choose another --out" in err
    assert not list(small_disk.iterdir())
