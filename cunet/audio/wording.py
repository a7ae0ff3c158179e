"""What is said about defects of files that can still be read."""

from cunet.audio.defects import Defect, Kind

TEXTS = {
    Kind.TOO_SHORT: "declares less audio in its header than it contains: only the declared part is used",
    Kind.UNCLOSED: "declares no length in its header, as after a crash: all samples up to its end are used",
    Kind.MALFORMED: "is malformed and may be truncated: only the part that can be decoded is used",
    Kind.CUT_OFF: "is truncated: its end is missing",
    Kind.ENDS_EARLY: (
        "ends after {seconds:.1f} s of the {until:.1f} s that its header declares ({missing} samples are missing)"
    ),
    Kind.LOST_PARTS: "is damaged: {seconds:.1f} s of it cannot be decoded and are silent",
    Kind.DAMAGED: "is damaged (ffmpeg: {complaint}): only {seconds:.1f} s could be decoded",
    Kind.HOLE: "is silent from {seconds:.1f} to {until:.1f} s in whole disk blocks, like an incomplete copy",
}
ADVICE = {Kind.HOLE: "Replace the file, or convert it to FLAC if the silence is intended."}


def described(defect: Defect | None) -> str:
    """The end of a sentence that begins with a file's name; empty if nothing is wrong."""
    return TEXTS[defect.kind].format(**vars(defect)) if defect else ""


def advice(defect: Defect) -> str:
    """What to do about a defect, as a sentence."""
    return ADVICE.get(defect.kind, "Replace the file.")
