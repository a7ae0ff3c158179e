"""Data sets: `dataset` in `params.yaml`."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.datasets.dataset import Dataset

DATASETS: "Registry[Dataset]" = Registry(
    "data set",
    {
        "synthetic": "cunet.datasets.synthetic:SYNTHETIC",
        "musdb18": "cunet.datasets.musdb18:MUSDB18",
        "musdb18-hq": "cunet.datasets.musdb18:MUSDB18_HQ",
        "musdb18-7s": "cunet.datasets.musdb18:MUSDB18_7S",
        "folder": "cunet.datasets.folder:FOLDER",
    },
)
