"""Hooks of the site that `make docs` builds: pages from outside docs/, and reference pages made from the code."""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from tools import reference

# Documents that stand elsewhere in the repository, by their place in the site.
OUTSIDE = {
    "index.md": "README.md",
    "benchmarks.md": "benchmarks/README.md",
    "starter.md": "cunet/starter/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "CITATION.cff": "CITATION.cff",
}
GENERATED = {"reference/parameters.md": reference.parameters, "reference/commands.md": reference.commands}
LINK = re.compile(r"(?<=\]\()(?!https?://|#)([^)#\s]+)")
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for place, path in OUTSIDE.items():
        text = FRONT_MATTER.sub("", Path(path).read_text())
        files.append(File.generated(config, place, content=_relinked(text, Path(path).parent, Path(place).parent)))
    for place, write in GENERATED.items():
        files.append(File.generated(config, place, content=write()))
    return files


def on_page_markdown(markdown: str, page: object, config: MkDocsConfig, files: Files) -> str:
    """Let links out of docs/ lead to the pages of the site."""
    file = getattr(page, "file")  # noqa: B009 (mkdocs' pages have no types)
    if file.src_uri in OUTSIDE or file.src_uri in GENERATED:
        return markdown
    return _relinked(markdown, Path("docs", file.src_uri).parent, Path(file.src_uri).parent)


def _relinked(text: str, folder: Path, place: Path) -> str:
    """Links relative to a `folder` of the repository, as links relative to a `place` in the site."""
    places = {path: name for name, path in OUTSIDE.items()}

    def relink(link: re.Match[str]) -> str:
        target = os.path.normpath(folder / link[1])
        found = places.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        return os.path.relpath(found, place) if found else link[1]

    return LINK.sub(relink, text)
