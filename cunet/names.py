"""Names of songs, tracks and instruments: how they are compared and displayed, and which files are ignored."""

import unicodedata

MIXTURE = "mixture"
# What operating systems, network drives and Python leave in folders; `.dvcignore` has the same list.
SCATTERED = frozenset(
    {
        *("@eadir", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "system volume information"),
        *("__macosx", "network trash folder", "temporary items", "lost+found"),
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "__pycache__"),
    }
)
LONGEST = 200  # bytes in UTF-8; most file systems allow 255, including suffixes such as .csv.part
CONTROLS = ("Cc", "Zl", "Zp")  # Unicode categories: control characters, line and paragraph separators


def normalise(name: str) -> str:
    r"""A name in Unicode's composed form (NFC): macOS and zip files write `é` as two characters, keyboards as one.

    Examples:
        >>> len(normalise("Cafe\N{COMBINING ACUTE ACCENT}")), len("Cafe\N{COMBINING ACUTE ACCENT}")
        (4, 5)
    """
    return unicodedata.normalize("NFC", name)


def is_scattered(name: str) -> bool:
    """Whether a file or folder of this name is neither a song nor a track: hidden, or created by a system.

    A title may begin with several dots, as in `...And Justice for All`.

    Examples:
        >>> [is_scattered(name) for name in (".DS_Store", "Thumbs.db", "...And Justice for All")]
        [True, True, False]
    """
    hidden = name.startswith(".") and not name.startswith("..")
    return hidden or normalise(name).casefold() in SCATTERED


def readable(name: object) -> str:
    r"""A name for display: on one line, with bytes that are not UTF-8 as hexadecimal numbers.

    Examples:
        >>> readable("two\nlines")
        'two\\nlines'
    """
    text = str(name).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(repr(character)[1:-1] if is_control(character) else character for character in text)


def is_control(character: str) -> bool:
    """Whether a character is a line break or another control character."""
    return unicodedata.category(character) in CONTROLS
