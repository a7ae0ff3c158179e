"""Training tracks that a data set keeps aside to validate on."""

import musdb


def validation_tracks(dataset: str) -> tuple[str, ...]:
    """Names of the training tracks that are never trained on: MUSDB18's fourteen, from musdb's own list, or none."""
    if not dataset.startswith("musdb18"):
        return ()
    return tuple(musdb.DB(root="", subsets=[]).setup["validation_tracks"])
