"""Sections of the report, in order."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.report.sections import WriteSections

SECTIONS: "Registry[WriteSections]" = Registry(
    "section",
    {
        "compared": "cunet.report.sections:compared",
        "settings": "cunet.report.sections:settings",
        "scores": "cunet.report.sections:scores",
        "combinations": "cunet.report.sections:combinations",
        "metrics": "cunet.report.sections:metrics",
        "differences": "cunet.report.sections:differences",
        "seeds": "cunet.report.sections:seeds",
        "convergence": "cunet.report.sections:convergence",
        "costs": "cunet.report.sections:costs",
        "interpretation": "cunet.report.sections:interpretation",
        "examples": "cunet.report.sections:examples",
    },
)
