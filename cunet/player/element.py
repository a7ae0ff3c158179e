"""The player as an element of a page."""

import json
from pathlib import Path

SCRIPT, STYLE = "player.js", "player.css"


def script() -> str:
    """JavaScript that defines `<stem-player>`; it needs no other file, and no network."""
    script, style = ((Path(__file__).parent / name).read_text() for name in (SCRIPT, STYLE))
    return f"{{const STYLE = {json.dumps(style)};\n{script}}}\n"
