"""What the control learned: gammas, betas, the path, and the U-Net left alone."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from cunet.conditions.naming import Conditions, by_name
from cunet.conditions.path import path
from cunet.errors import UserError
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.scores import score_track
from cunet.interpret.interpret import interpret
from cunet.interpret.modulation import modulations, neutral
from cunet.interpret.scoring import score_against_all
from cunet.masking.separator import Separator
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.interpretation import Interpret
from cunet.tracks import folder
from tests.conftest import SINGLES

TRIO = ("clicks", "noise", "tone")
NAMES = ["simple-dense", "complex-conv-both", "complex-dense-decoder"]
CONDITIONS: Conditions = {
    "tone": {"clicks": 0.0, "noise": 0.0, "tone": 1.0},
    "clicks+noise": {"clicks": 1.0, "noise": 1.0, "tone": 0.0},
}


def architecture(params: Params, name: str) -> Architecture:
    return Architecture(
        name=name,
        instruments=TRIO,
        conditions=tuple(SINGLES.itertuples(index=False, name=None)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    )


def outputs(network: keras.Model, layer: str, conditions: Conditions) -> np.ndarray:
    """What a layer gives for conditions, read where FiLM reads it: in the whole network."""
    model = keras.Model(network.inputs, network.get_layer(layer).output)
    vectors = np.array([[z[name] for name in TRIO] for z in conditions.values()], np.float32)
    return np.asarray(model.predict_on_batch([np.ones((len(vectors), 128, 16, 1), np.float32), vectors]))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_holds_what_film_multiplies_and_adds(params: Params, name: str) -> None:
    subject = architecture(params, name)
    network = build(subject, name)
    table = modulations(subject, network, CONDITIONS)
    blocks = {"encoder": ["encoder_1", "encoder_2", "encoder_3"], "decoder": ["decoder_2", "decoder_1"]}
    expected = [*blocks["encoder"], *blocks["decoder"]] if name.endswith("both") else blocks["encoder"]
    expected = blocks["decoder"] if name.endswith("decoder") else expected
    assert table["block"].unique().tolist() == expected
    assert list(table["condition"].unique()) == list(CONDITIONS)
    for (kind, block), own in table.groupby(["kind", "block"]):
        values = own.pivot(index="condition", columns="map", values="value").loc[list(CONDITIONS)]
        seen = outputs(network, f"{kind}_map_{block}", CONDITIONS)[:, 0, 0, :]
        np.testing.assert_allclose(values, seen, rtol=1e-5, atol=1e-6)
        maps = params.unet.filters * 2 ** (int(str(block)[-1]) - 1)
        assert values.shape[1] == (1 if name.startswith("simple") else maps)


@pytest.mark.parametrize("name", NAMES)
def test_a_neutral_network_is_deaf_to_the_condition_and_the_original_is_untouched(params: Params, name: str) -> None:
    subject = architecture(params, name)
    network = build(subject, name)
    rng = np.random.default_rng(0)
    for layer in network.layers:  # as if it were trained: biases are no longer one and zero
        layer.set_weights([weights + 0.1 * rng.standard_normal(weights.shape) for weights in layer.get_weights()])
    before = [weights.copy() for weights in network.get_weights()]
    alone = neutral(subject, network)
    assert alone is not None
    table = modulations(subject, alone, CONDITIONS)
    np.testing.assert_array_equal(table["value"], (table["kind"] == "gamma").astype(float))
    mixture = np.repeat(rng.uniform(size=(1, 128, 16, 1)), 2, axis=0).astype(np.float32)
    vectors = np.eye(3, dtype=np.float32)[:2]
    first, second = np.asarray(alone.predict_on_batch([mixture, vectors]))
    np.testing.assert_allclose(first, second, atol=1e-6)
    told, other = np.asarray(network.predict_on_batch([mixture, vectors]))
    assert np.abs(told - other).max() > 1e-4
    for weights, kept in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, kept)


def test_the_path_leads_from_one_instrument_to_the_other() -> None:
    steps = path(TRIO, "tone", "clicks", 5)
    assert list(steps) == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert steps["0.00"] == {"clicks": 0, "noise": 0, "tone": 1}
    assert steps["0.25"] == {"clicks": 0.25, "noise": 0, "tone": 0.75}
    assert steps["1.00"] == {"clicks": 1, "noise": 0, "tone": 0}


@pytest.fixture
def separator(params: Params, tmp_path: Path) -> Separator:
    subject = architecture(params, "complex-dense-both")
    model = tmp_path / "model"
    model.mkdir()
    build(subject, subject.name).save_weights(weights_file(model, subject.name))
    subject.save(model)
    return Separator(model, params.evaluate.overlap)


def test_the_tables_are_there(
    params: Params, prepared: Path, songs: Path, separator: Separator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    settings = Interpret(path=["tone", "clicks"], steps=3, tracks=2)
    arguments = (folder.tracks(songs / "test"), prepared / "test", params.spectrogram, params.evaluate)
    interpret(separator, *arguments, settings, params.dask, out)
    scores = pd.read_csv(out / "path.csv", dtype={"estimate": str})
    assert scores["estimate"].unique().tolist() == ["0.00", "0.50", "1.00"]
    assert sorted(scores["target"].unique()) == sorted([*TRIO, "requested mix"])
    assert scores["SDR"].notna().all()
    ends = scores.set_index(["estimate", "target"])["SDR"]
    assert ends["0.00", "requested mix"] == pytest.approx(ends["0.00", "tone"], abs=1e-3)
    assert ends["1.00", "requested mix"] == pytest.approx(ends["1.00", "clicks"], abs=1e-3)
    table = pd.read_csv(out / "neutral.csv").set_index("estimate")
    assert table.index.tolist() == ["mixture", "neutral", *TRIO]
    assert table.loc["tone", "tone"] == pytest.approx(ends["0.00", "tone"], abs=1e-3)
    conditions = pd.read_csv(out / "modulation.csv")["condition"].unique().tolist()
    assert conditions == [*TRIO, "all", "none"]
    on_path = pd.read_csv(out / "path_modulation.csv", dtype={"condition": str})
    assert on_path["condition"].unique().tolist() == ["0.00", "0.50", "1.00"]


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


def test_an_unknown_instrument_on_the_path_is_one_line(
    params: Params, prepared: Path, songs: Path, separator: Separator, tmp_path: Path
) -> None:
    settings = Interpret(path=["tone", "trumpet"], steps=3, tracks=2)
    arguments = (folder.tracks(songs / "test"), prepared / "test", params.spectrogram, params.evaluate)
    with pytest.raises(
        UserError, match=r"interpret\.path: no instrument is called trumpet; there are clicks, noise, tone"
    ):
        interpret(separator, *arguments, settings, params.dask, tmp_path)
