"""Official validation tracks of data sets."""

import musdb


def validation_tracks(dataset: str) -> tuple[str, ...]:
    """Names of the validation tracks among the training tracks: MUSDB18's fourteen, from musdb's list, or none."""
    if not dataset.startswith("musdb18"):
        return ()
    return tuple(musdb.DB(root="", subsets=[]).setup["validation_tracks"])
