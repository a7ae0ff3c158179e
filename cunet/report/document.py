"""The report as a document of sections, written as Markdown and as HTML."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

TABLE = re.compile(r"(?<![\w/])[a-z_]+\.csv\b")


@dataclass(frozen=True)
class Picture:
    """A picture of a section: its file, relative to the page, and a caption."""

    file: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        title: heading.
        text: paragraphs before the table.
        table: table of strings; the first column names the rows.
        pictures: pictures, on the HTML page only.
        notes: sentences after the table.
        links: files, relative to the page, by link text; on the HTML page only.
        best: highlighted cells of the table, by the names of row and column; on the HTML page only.
        words: whether the table holds text rather than numbers; such a table is on the HTML page only.
    """

    title: str
    text: list[str] = field(default_factory=list)
    table: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    best: set[tuple[str, str]] = field(default_factory=set)
    words: bool = False


def write_markdown(document: list[Section], path: Path) -> None:
    """Write the sections that have a table of numbers."""
    texts: list[str] = []
    for section in (section for section in document if not section.words):
        if section.table is None:
            continue
        align = ["left", *["right"] * (section.table.shape[1] - 1)]
        table = section.table.to_markdown(index=False, disable_numparse=True, colalign=align)
        texts += [f"### {section.title}", *map(_escape, section.text), table, *map(_escape, section.notes)]
    path.write_text("\n\n".join(texts) + "\n")


def _escape(text: str) -> str:
    """Escape text, so that names are not taken for markup."""
    return re.sub(r"[\\`*<|]", r"\\\g<0>", text)


def write_page(title: str, document: list[Section], path: Path) -> None:
    """Write the HTML page; its pictures are files beside it."""
    path.write_text(render("page.html", title=title, document=document))


def _linked(text: str) -> Markup:
    """Text as HTML, with links on the names of tables beside the page."""
    return Markup(TABLE.sub(r'<a href="\g<0>">\g<0></a>', str(escape(text))))


def render(template: str, **values: Any) -> str:
    """Render a template of this folder."""
    environment = Environment(loader=PackageLoader("cunet.report", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters["linked"] = _linked
    return environment.get_template(template).render(**values)
