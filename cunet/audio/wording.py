"""What is said about defects of files that can still be read: the ends of sentences that begin with a file's name."""

TOO_SHORT = "declares less audio in its header than it contains: only the declared part is used"
UNCLOSED = "declares no length in its header, as after a crash: all samples up to its end are used"
MALFORMED = "is malformed and may be truncated: only the part that can be decoded is used"
CUT_OFF = "is truncated: its end is missing"


def ends_early(samples: int, declared: int, rate: int) -> str:
    """A file has fewer samples than its header declares."""
    return (
        f"ends after {samples / rate:.1f} s of the {declared / rate:.1f} s that its header declares "
        f"({declared - samples} samples are missing)"
    )


def silent_parts(seconds: float) -> str:
    """Parts of a file are replaced by silence."""
    return f"is damaged: {seconds:.1f} s of it cannot be decoded and are silent"


def damaged(complaint: str, seconds: float) -> str:
    """A file of which ffmpeg could decode this many seconds."""
    return f"is damaged (ffmpeg: {complaint}): {seconds:.1f} s could be decoded; the rest is silent or missing"


def hole(start: float, stop: float) -> str:
    """Blocks of a file were not written, from `start` to `stop` in seconds."""
    return (
        f"is silent from {start:.1f} to {stop:.1f} s, exactly in blocks of the disk, like an incomplete copy (if the "
        "silence is intended, convert the file to FLAC)"
    )
