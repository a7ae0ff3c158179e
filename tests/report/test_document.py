"""The report as Markdown and as a page."""

from pathlib import Path

import pandas as pd

from cunet.report.document import Picture, Section, write_markdown, write_page

PARTS = [
    Section(
        "Scores <of> tracks",
        ["Higher is better."],
        pd.DataFrame([("unet", "1.50"), ("a & b", "-0.20")], columns=["architecture", "mean"]),
        ["Not scored: bass of *a* | <b>."],
        [Picture("spectrograms/50% off?.png", "A caption")],
    ),
    Section("Examples", ["Listen."]),
]


def test_the_markdown_has_the_tables(tmp_path: Path) -> None:
    write_markdown(PARTS, tmp_path / "sdr.md")
    text = (tmp_path / "sdr.md").read_text()
    assert "| unet           |   1.50 |" in text
    assert text.index("Higher is better.") < text.index("unet") < text.index("Not scored")
    assert r"Not scored: bass of \*a\* \| \<b>." in text
    assert "Examples" not in text


def test_the_page_has_everything_and_escapes_names(tmp_path: Path) -> None:
    write_page("Conditioned-U-Net", PARTS, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    for part in ("Scores &lt;of&gt; tracks", "a &amp; b", "-0.20", "Listen.", "A caption"):
        assert part in text
    assert 'src="spectrograms/50%25%20off%3F.png"' in text
