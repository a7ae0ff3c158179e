"""Hooks for the site of `make docs`: pages from outside docs/, and reference pages generated from the code."""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools import reference

# Documents elsewhere in the repository, by their path in the site.
OUTSIDE = {
    "index.md": "README.md",
    "benchmarks.md": "benchmarks/README.md",
    "starter.md": "cunet/starter/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
    "CITATION.cff": "CITATION.cff",
}
PLACES = {path: place for place, path in OUTSIDE.items()}
GENERATED = {"reference/parameters.md": reference.parameters, "reference/commands.md": reference.commands}
LINK = re.compile(r"(?<=\]\()(?!https?://|#)([^)#\s]+)")
SOUND = re.compile(r'<a href="([^"]+\.mp3)">(.*?)</a>(?: · )?')
PLAYER = r'<span class="sound">\2<audio controls preload="none" src="\1"></audio></span>'
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    for place, path in OUTSIDE.items():
        files.append(File.generated(config, place, content=FRONT_MATTER.sub("", Path(path).read_text())))
    for place, write in GENERATED.items():
        files.append(File.generated(config, place, content=write()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links between documents of the repository to pages of the site."""
    place = page.file.src_uri
    folder = Path(OUTSIDE.get(place, f"docs/{place}")).parent

    def relink(link: re.Match[str]) -> str:
        target = os.path.normpath(folder / link[1])
        found = PLACES.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        return os.path.relpath(found, Path(place).parent) if found else link[1]

    return LINK.sub(relink, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put a player in the place of every link to a sound."""
    return SOUND.sub(PLAYER, html)
