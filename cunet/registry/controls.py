"""Control networks: `control` in `params.yaml`."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.models.control import ControlNetwork

CONTROLS: "Registry[ControlNetwork]" = Registry(
    "control network",
    {"dense": "cunet.models.control:dense_control", "conv": "cunet.models.control:conv_control"},
    names=r"\w+",  # hyphens separate the parts of a variant
)
