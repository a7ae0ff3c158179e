"""SDR of an estimate against every instrument."""

from pathlib import Path

import pytest

from cunet.conditions.naming import by_name
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.scores import score_track
from cunet.interpret.scoring import score_against_all
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.tracks import folder
from tests.conftest import SINGLES, TRIO


def test_an_estimate_scored_against_one_source_has_the_sdr_that_it_has_among_all(
    params: Params, prepared: Path, songs: Path
) -> None:
    (track, _), single = folder.tracks(songs / "test"), by_name(SINGLES)
    file = TrackSpectrograms(prepared / "test" / "song 0.h5")
    mask = BOUNDS["ideal-ratio-mask"](file, single)["noise"]
    together = score_track(track, dict.fromkeys(single, mask), single, params.spectrogram, params.evaluate).table()
    alone = score_against_all(track, {"x": mask}, {"x": single["noise"]}, params.spectrogram, params.evaluate)
    assert alone["target"].tolist() == [*TRIO, "requested mix"]
    assert alone["SDR"].tolist()[:3] == pytest.approx(together["SDR"].tolist(), abs=1e-4)
    assert alone["SDR"].iloc[3] == alone["SDR"].iloc[1]
