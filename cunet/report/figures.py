"""matplotlib, as every figure of this project uses it: names are drawn as they are, in any script."""

import warnings
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager, pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

matplotlib.use("agg")
matplotlib.rcParams["text.parse_math"] = False  # a dollar in a name is a dollar
# No installed font may have a character; it is drawn as a box, which says enough.
warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from (current )?font")
PLACEHOLDERS = "Last Resort High-Efficiency"  # matplotlib's own font, which draws boxes


def save(figure: Figure, path: Path) -> None:
    """Write a figure and let go of it; the same figure is the same file."""
    texts = figure.findobj(Text)
    if fallbacks := _fallbacks(frozenset("".join(text.get_text() for text in texts))):
        for text in texts:
            text.set_fontfamily([*text.get_fontfamily(), *fallbacks])
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


@lru_cache
def _fallbacks(characters: frozenset[str]) -> tuple[str, ...]:
    """Families of installed fonts that have what the usual one lacks, as far as there are such."""
    usual = font_manager.findfont(font_manager.FontProperties())
    missing = {ord(character) for character in characters if character.isprintable()} - _covered(usual)
    regular = {
        font.name: font.fname
        for font in font_manager.fontManager.ttflist
        if (font.style, font.weight, font.stretch) == ("normal", 400, "normal") and font.name != PLACEHOLDERS
    }
    families = []
    for name in sorted(regular) if missing else ():
        if found := missing & _covered(regular[name]):
            families.append(name)
            missing -= found
    return tuple(families)


def _covered(path: str) -> set[int]:
    """The characters of a font."""
    return set(font_manager.get_font(path).get_charmap())
