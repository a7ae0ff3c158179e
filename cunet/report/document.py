"""The report as one document of sections, written as Markdown and as a page."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined


@dataclass(frozen=True)
class Picture:
    """A picture of a section: its file, relative to the page, and what it shows."""

    file: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: heading.
        text: paragraphs before the table.
        table: of strings; the first column names the rows.
        pictures: on the page alone.
        notes: sentences after the table.
    """

    title: str
    text: list[str] = field(default_factory=list)
    table: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


def write_markdown(sections: list[Section], path: Path) -> None:
    """Write the sections that have a table."""
    parts = []
    for section in (section for section in sections if section.table is not None):
        assert section.table is not None
        align = ["left", *["right"] * (section.table.shape[1] - 1)]
        table = section.table.to_markdown(index=False, disable_numparse=True, colalign=align)
        parts += [f"### {section.title}", *section.text, table, *section.notes]
    path.write_text("\n\n".join(parts) + "\n")


def write_page(title: str, sections: list[Section], path: Path) -> None:
    """Write the page; its pictures are files beside it."""
    environment = Environment(loader=PackageLoader("cunet.report", "."), autoescape=True, undefined=StrictUndefined)
    path.write_text(environment.get_template("page.html").render(title=title, sections=sections))
