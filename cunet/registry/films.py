"""FiLM and other blocks that condition feature maps: `film` in `params.yaml`."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.models.film import Modulation

FILMS: "Registry[Modulation]" = Registry(
    "FiLM",
    {"simple": "cunet.models.film:simple_film", "complex": "cunet.models.film:complex_film"},
    names=r"\w+",  # hyphens separate the parts of a variant
)
