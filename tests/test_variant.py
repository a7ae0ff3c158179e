"""What is compared, by name."""

from itertools import product

import pytest

from cunet.registry.controls import CONTROLS
from cunet.registry.films import FILMS
from cunet.variant import Variant, canonical, conditions_of

NAMES = {
    Variant("simple", "dense"): "simple-dense",
    Variant("complex", "conv", "decoder"): "complex-conv-decoder",
    Variant("simple", "conv", conditions="pairs"): "simple-conv-pairs",
    Variant("complex", "dense", "both", "pairs"): "complex-dense-both-pairs",
}


def test_a_name_leaves_out_what_is_as_in_the_paper() -> None:
    assert [variant.name for variant in NAMES] == list(NAMES.values())
    assert Variant("complex", "dense", "both", "pairs").kind == "complex-dense"


def test_every_variant_is_found_by_its_name() -> None:
    for film, control, conditions in product(FILMS, CONTROLS, ("single", "pairs", "my_set")):
        for placement in ("encoder", "decoder", "both"):
            variant = Variant(film, control, placement, conditions)
            assert Variant.parse(variant.name) == variant


@pytest.mark.parametrize(
    "name",
    ["", "simple", "dense-simple", "wave-u-net", "medium-dense", "simple-rnn", "simple-dense-pairs-decoder", "unet"],
)
def test_what_is_no_name_of_a_variant_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(ValueError, match=r"is neither unet nor <film>-<control>.*such as complex-dense"):
        Variant.parse(name)


def test_one_network_has_one_name() -> None:
    assert canonical("simple-dense-encoder-single") == canonical("simple-dense-encoder") == "simple-dense"
    assert canonical("simple-conv-both-single") == "simple-conv-both"
    assert canonical("unet") == "unet"
    with pytest.raises(ValueError, match="wave"):
        canonical("wave-u-net")


def test_a_dedicated_network_is_trained_on_single_instruments() -> None:
    assert conditions_of("unet") == conditions_of("complex-dense-decoder") == "single"
    assert conditions_of("complex-dense-decoder-pairs") == "pairs"
