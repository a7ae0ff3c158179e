"""A page to listen on: mixture, target and every architecture's estimate of a few excerpts, in one file."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cunet.conditions.naming import SINGLE, Conditions, condition_group
from cunet.examples.excerpts import FLAC, REFERENCE
from cunet.names import MIXTURE
from cunet.report.document import render

PAGE = "listen.html"
Sdr = dict[tuple[str, str, str], float]  # by track, target and architecture
MOST = 12  # targets of a track; where there are more, single instruments alone


@dataclass(frozen=True)
class Sound:
    """A player: what it is called, its sound as an address that holds it, and its SDR in words, if it has one."""

    title: str
    address: str
    sdr: str = ""


@dataclass(frozen=True)
class Excerpt:
    """The middle of a track, and by target the reference and every architecture's estimate."""

    track: str
    mixture: Sound
    targets: dict[str, list[Sound]]


def write_listening_page(sound: Path, scores: pd.DataFrame, conditions: Conditions, title: str, out: Path) -> None:
    """Write the page; it holds its sound, so that it can be moved, sent, and shown by MLflow.

    Args:
        sound: folder of `<track>/<target>/<architecture>.flac`.
        scores: of every track; their architectures stand in this order.
        conditions: targets that may be heard.
        title: of the page.
        out: gets listen.html.
    """
    targets = [name for name, condition in conditions.items() if condition_group(condition) == SINGLE]
    targets = list(conditions) if len(conditions) <= MOST else targets
    sdr: Sdr = scores.set_index(["track", "target", "architecture"])["SDR"].to_dict()  # type: ignore[assignment]
    names = [name for name in scores["architecture"].unique() if name != MIXTURE]
    excerpts = [_excerpt(folder, targets, names, sdr) for folder in sorted(sound.iterdir())]
    (out / PAGE).write_text(render(PAGE, title=title, excerpts=excerpts))


def _excerpt(folder: Path, targets: list[str], names: list[str], sdr: Sdr) -> Excerpt:
    def sounds(target: str) -> list[Sound]:
        scored = [(name, sdr.get((folder.name, target, name), float("nan"))) for name in names]
        words = {name: "not scored" if pd.isna(value) else f"{value:.1f} dB" for name, value in scored}
        found = {name: folder / target / f"{name}{FLAC}" for name in names}
        return [Sound("target", _address(folder / target / f"{REFERENCE}{FLAC}"))] + [
            Sound(name, _address(path), words[name]) for name, path in found.items()
        ]

    mixture = Sound(MIXTURE, _address(folder / targets[0] / f"{MIXTURE}{FLAC}"))
    return Excerpt(folder.name, mixture, {target: sounds(target) for target in targets})


def _address(path: Path) -> str:
    return f"data:audio/flac;base64,{b64encode(path.read_bytes()).decode()}"
