"""matplotlib settings of all figures: names are drawn literally, in any script."""

import warnings
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager, pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

matplotlib.use("agg")
matplotlib.rcParams["text.parse_math"] = False  # a dollar in a name is a dollar
# A character that no installed font has is drawn as a box; a warning is not needed.
warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from (current )?font")
PLACEHOLDERS = "Last Resort High-Efficiency"  # matplotlib's own font, which draws boxes


def save(figure: Figure, path: Path) -> None:
    """Write a figure and close it; the same figure gives the same file."""
    texts = figure.findobj(Text)
    if fallbacks := _fallbacks(frozenset("".join(text.get_text() for text in texts))):
        for text in texts:
            text.set_fontfamily([*text.get_fontfamily(), *fallbacks])
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


@lru_cache
def _fallbacks(characters: frozenset[str]) -> tuple[str, ...]:
    """Families of installed fonts that have the characters missing in the default font, as far as possible."""
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
