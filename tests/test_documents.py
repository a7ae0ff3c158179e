"""Links in README and the documents lead somewhere."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from cunet.cli import command_line
from tests.conftest import ROOT
from tests.separate.conftest import RATE, song

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
SITE_ONLY = ROOT / "docs" / "reference" / "api.md"  # made from docstrings
LONGEST = 100  # lines of README


def anchors(document: Path) -> set[str]:
    """Of all headings, as hosts of repositories form them."""
    return {
        re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
        for title in HEADING.findall(document.read_text())
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(document: Path) -> None:
    lost = []
    for link in LINK.findall(document.read_text()):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_readme_is_short_and_leads_to_every_document() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= LONGEST
    linked = {(ROOT / link).resolve() for link in LINK.findall(text)}
    assert sorted(path.name for path in set((ROOT / "docs").rglob("*.md")) - linked - {SITE_ONLY}) == []


def shell_lines(document: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_of_this_project_have_the_options_that_documents_give_them(document: Path) -> None:
    for line in shell_lines(document):
        words = shlex.split(line.partition(" < ")[0], comments=True) if re.match(r"(cunet|python -m) ", line) else []
        if words[:1] == ["cunet"]:
            command_line().parse_args(words[1:])  # ends the test with the usage
        elif words:
            module = (ROOT / words[2].replace(".", "/")).with_suffix(".py")
            if words[2] != "http.server":
                options = set(re.findall(r'"(--[a-z-]+)"', module.read_text()))
                assert {word for word in words[3:] if word.startswith("--")} <= options, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_variables_of_the_shell_are_set_on_the_page_that_uses_them(document: Path) -> None:
    lines = shell_lines(document)
    used = {name for line in lines for name in re.findall(r"\$([a-z_]+)", line)}
    assert used <= {line.partition("=")[0] for line in lines}


def test_the_python_of_the_documents_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "guides" / "separate.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    audio = song(2)
    soundfile.write("song.wav", audio, RATE, subtype="FLOAT")
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["vocals"].shape == names["mix"].shape == audio.shape
    np.testing.assert_allclose(sum(names["stems"].values()), audio, atol=1e-4)
