"""The commands of the tutorials, as they stand in docs/tutorials/."""

import re

from tests.conftest import ROOT

# Servers never end (tests/pipeline/test_pages.py and tests/app/ open them), .venv is there, and trials take a minute.
SKIPPED = re.compile(r"(mlflow ui|cunet app|make|source|cunet forecast)\b")


def scripts(name: str, heading: str | None = None) -> list[str]:
    """The blocks of commands of a tutorial, or of a section of it, without those that a test cannot run."""
    text = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text()
    if heading:
        text = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    kept = ["\n".join(line for line in block.splitlines() if not SKIPPED.match(line)) for block in blocks]
    return [block for block in kept if block]


def files(name: str) -> dict[str, str]:
    """The blocks of a tutorial that belong into a file, by its path."""
    text = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text()
    return dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', text, re.DOTALL))
