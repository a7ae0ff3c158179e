"""A page to listen on: mixture, target and every architecture's estimate of a few excerpts, in one file."""

import json
from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from markupsafe import Markup

from cunet.conditions.naming import SINGLE, Condition, Conditions, condition_group
from cunet.examples.excerpts import FLAC, REFERENCE, read_sound
from cunet.names import MIXTURE
from cunet.player.element import script
from cunet.player.sounds import Player, Sound, Source, peaks
from cunet.report.document import render
from cunet.signals.arrays import Mono
from cunet.signals.resampling import resample

PAGE = "listen.html"
Sdr = dict[tuple[str, str, str], float]  # by track, target and architecture
MOST = 12  # targets of a track; where there are more, single instruments alone
LARGEST = 4_900_000  # bytes of all players, so that the page stays below 5 MB; the first track is there in any case
# MP3 is what every browser decodes. Of its rates, those up to 12 kHz are an extension that some lack.
RATES = (16000, 22050, 24000, 32000, 44100, 48000)
QUALITY = 0.3  # of LAME's variable bit rate, from 0 (best) to 1: 35 dB of signal to noise on the default estimates
ROUNDING = 1 / 65536  # what a sample of 16 bits is off at most


def write_listening_page(
    sound: Path, scores: pd.DataFrame, conditions: Conditions, title: str, rate: int, out: Path
) -> None:
    """Write the page; it holds its sound, so that it can be moved, sent, and shown by MLflow.

    Args:
        sound: folder of `<track>/<target>/<architecture>.flac`.
        scores: of every track; their architectures stand in this order.
        conditions: targets that may be heard.
        title: of the page.
        rate: of the sound in Hz.
        out: gets listen.html.
    """
    targets = [name for name, condition in conditions.items() if condition_group(condition) == SINGLE]
    targets = list(conditions) if len(conditions) <= MOST else targets
    sdr: Sdr = scores.set_index(["track", "target", "architecture"])["SDR"].to_dict()  # type: ignore[assignment]
    architectures = [name for name in scores["architecture"].unique() if name != MIXTURE]
    players: list[Player] = []
    left_out: list[str] = []
    size = 0
    for folder in sorted(sound.iterdir()):
        player = _Excerpt(folder, rate, conditions).player(targets, architectures, sdr)
        size += len(json.dumps(player.data()))
        if players and size > LARGEST:
            left_out.append(folder.name)
        else:
            players.append(player)
    values = {"players": players, "left_out": left_out, "rate": rate, "script": Markup(script())}
    (out / PAGE).write_text(render(PAGE, title=title, **values))


class _Excerpt:
    """The sounds of an excerpt; those that several rows share, and sums of others, are kept once."""

    def __init__(self, folder: Path, rate: int, conditions: Conditions) -> None:
        self._folder, self._rate, self._conditions = folder, rate, conditions
        self._sources: list[Source] = []
        self._numbers: dict[tuple[str, str], int] = {}  # of sources, by target and name

    def player(self, targets: Sequence[str], architectures: Sequence[str], sdr: Sdr) -> Player:
        """A player with the rows of every target."""
        track, names = self._folder.name, [MIXTURE, REFERENCE, *architectures]

        def note(target: str, name: str) -> str:
            value = sdr.get((track, target, name), float("nan"))
            return "" if name == REFERENCE else "not scored" if pd.isna(value) else f"SDR {value:.1f} dB"

        rows = {target: [self._sound(target, name, note(target, name)) for name in names] for target in targets}
        seconds = len(self._read(targets[0], MIXTURE)) / self._rate
        return Player(track, seconds, _rate_of_mp3(self._rate), rows, self._sources)

    def _sound(self, target: str, name: str, note: str) -> Sound:
        waveform = self._read(target, name)
        title = "target" if name == REFERENCE else name
        return Sound(
            title,
            self._parts(target, name, waveform),
            peaks(len(waveform), lambda start, stop: waveform[start:stop]),
            note,
        )

    def _parts(self, target: str, name: str, waveform: Mono) -> list[tuple[int, float]]:
        """The sound as one source, or as a sum of those of single instruments where it is one."""
        if name == MIXTURE:
            return [(self._number(MIXTURE, name, waveform), 1.0)]
        parts = _instruments(self._conditions[target], self._conditions)
        if parts and target not in parts:
            single = {part: self._read(part, name) for part in parts}
            total = sum(weight * single[part] for part, weight in parts.items())
            if np.abs(total - waveform).max() <= (1 + sum(parts.values())) * ROUNDING + 1e-6:
                return [(self._number(part, name, single[part]), weight) for part, weight in parts.items()]
        return [(self._number(target, name, waveform), 1.0)]

    def _number(self, target: str, name: str, waveform: Mono) -> int:
        if (target, name) not in self._numbers:
            self._numbers[target, name] = len(self._sources)
            self._sources.append(Source(_mp3_address(waveform, self._rate)))
        return self._numbers[target, name]

    def _read(self, target: str, name: str) -> Mono:
        return read_sound(self._folder / target / f"{name}{FLAC}")


def _instruments(condition: Condition, conditions: Conditions) -> dict[str, float]:
    """The instruments of a condition, by the names of their own conditions."""
    single = {name for name, other in conditions.items() if condition_group(other) == SINGLE}
    asked = {name: weight for name, weight in condition.items() if weight}
    return asked if single.issuperset(asked) else {}


def _rate_of_mp3(rate: int) -> int:
    """The lowest rate of MP3 that holds all that a rate does, if any does."""
    return next((other for other in RATES if other >= rate), RATES[-1])


def _mp3_address(waveform: Mono, rate: int) -> str:
    """MP3 as an address that holds it; the encoder's delay is the same for all sounds of one length."""
    written, target = BytesIO(), _rate_of_mp3(rate)
    samples = resample(waveform[:, None], rate, target)
    quality = {"bitrate_mode": "VARIABLE", "compression_level": QUALITY}
    soundfile.write(written, samples, target, format="MP3", subtype="MPEG_LAYER_III", **quality)
    return f"data:audio/mpeg;base64,{b64encode(written.getvalue()).decode()}"
