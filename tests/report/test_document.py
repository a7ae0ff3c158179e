"""The report as Markdown and as a page."""

from dataclasses import replace
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


def test_the_page_has_contents_links_to_tables_and_the_best_values_in_bold(tmp_path: Path) -> None:
    table = pd.DataFrame([("unet", "1.50"), ("a & b", "-0.20")], columns=["architecture", "mean"])
    section = Section("SDR", ["Numbers: sdr_by_track.csv."], table, ["Not cunet/comparison/published.csv."])
    write_page("Report", [section, replace(section, title="Again", best={("unet", "mean")})], tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    for number, title in enumerate(("SDR", "Again"), 1):
        assert f'<a href="#section-{number}">{title}</a>' in text
        assert f'<h2 id="section-{number}">{title}</h2>' in text
    assert text.count('<a href="sdr_by_track.csv">sdr_by_track.csv</a>') == 2
    assert 'href="published.csv"' not in text
    assert text.count('<td class="best">1.50</td>') == 1
    assert '<td class="best">-0.20' not in text


def test_a_table_of_words_is_on_the_page_alone(tmp_path: Path) -> None:
    table = pd.DataFrame([("training", "epochs: 8")], columns=["", "settings"])
    document = [Section("Settings", table=table, words=True)]
    write_markdown(document, tmp_path / "sdr.md")
    write_page("Report", document, tmp_path / "index.html")
    assert "epochs" not in (tmp_path / "sdr.md").read_text()
    assert '<table class="words">' in (tmp_path / "index.html").read_text()
