"""Links in README and the documents lead somewhere."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import ROOT
from tests.separate.conftest import RATE, song

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
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
    assert sorted(path.name for path in set((ROOT / "docs").glob("*.md")) - linked) == []


def test_the_python_of_the_documents_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "separate.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    audio = song(2)
    soundfile.write("song.wav", audio, RATE, subtype="FLOAT")
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["vocals"].shape == names["mix"].shape == audio.shape
    np.testing.assert_allclose(sum(names["stems"].values()), audio, atol=1e-4)
