"""The site that `make docs` builds."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cunet.registry.losses import LOSSES
from tests.conftest import ROOT
from tools import reference


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_need_no_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(https?://[^"]+)"', page.read_text())
        assert loaded == [], page


def test_documents_outside_docs_are_pages_and_links_lead_to_them(site: Path) -> None:
    reference = site / "reference"
    assert 'href="../benchmarks.html"' in (reference / "bsseval.html").read_text()
    assert 'href="../benchmarks.html"' in (reference / "pipeline.html").read_text()
    assert 'href="../starter.html"' in (site / "guides" / "separate.html").read_text()
    start = (site / "index.html").read_text()
    assert 'href="explanation/study.html"' in start
    assert 'src="architecture.png"' in start


def test_every_document_is_in_the_navigation(site: Path) -> None:
    start = (site / "index.html").read_text()
    documents = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert [path for path in documents if f'href="{path}" class="md-nav__link"' not in start] == []


def test_sounds_have_players(site: Path) -> None:
    start = (site / "index.html").read_text()
    sounds = re.findall(r'<audio controls preload="none" src="([^"]+)">', start)
    assert len(sounds) == 5
    assert all((site / sound).stat().st_size > 50_000 for sound in sounds)


def leaves(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{above}{name}"
        if isinstance(value, dict) and above.count(".") < 1:
            yield from leaves(value, f"{above}{name}.")


def test_every_parameter_and_every_command_has_its_place_in_the_reference(site: Path) -> None:
    text = (site / "reference" / "parameters.html").read_text()
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    written_in_one_line = ("condition_sets.", "controls.", "train.epochs.", "train.patience.")
    lost = [
        name
        for name in leaves(values)
        if f"<code>{name}</code>" not in text and not name.startswith(written_in_one_line)
    ]
    assert lost == []
    assert ", ".join(f"<code>{name}</code>" for name in LOSSES) in text
    assert "number &gt; 0, &lt; 1" in text
    assert "&lt;root&gt;/{train,test}/&lt;track&gt;/&lt;instrument&gt;" in text
    assert [row for row in reference.parameters().splitlines() if row.endswith("|  |")] == []  # without a comment
    commands = (site / "reference" / "commands.html").read_text()
    for name in ("separate", "app", "export", "register", "log", "forecast"):
        assert f">cunet {name}<" in commands
    assert "--two-stems INSTRUMENT" in commands
