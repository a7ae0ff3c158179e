"""What the report says, section by section."""

from pathlib import Path

import pandas as pd

from cunet.params import Compare
from cunet.preprocess.conditions import SINGLE
from cunet.report.costs import costs_table
from cunet.report.document import Picture, Section
from cunet.report.published import SUFFIX
from cunet.report.statistics import SEED_STD, SEEDS
from cunet.report.tables import WIDEST, left_out, mean_of, protocol_of, sdr_table, title_of


def scores_section(summary: pd.DataFrame, scores: pd.DataFrame, settings: Compare) -> Section:
    """The SDR of single instruments."""
    tracks = scores.dropna(subset=["SDR"])["track"].nunique()
    text = (
        f"SDR in dB, {protocol_of(scores).title}; {tracks} test tracks; higher is better. "
        f"In brackets, the {settings.confidence:.0%} bootstrap interval over tracks."
    )
    notes = left_out(scores)
    if any(name.endswith(SUFFIX) for name in summary["architecture"]):
        notes.append("Published figures are their authors', not measured here: cunet/report/published.csv.")
    picture = Picture("sdr.png", "SDR over tracks with its interval; a dot a track.")
    return Section(f"SDR of {title_of(SINGLE)}", [text], sdr_table(summary, SINGLE), notes, [picture])


def combinations_sections(summary: pd.DataFrame) -> list[Section]:
    """The SDR of every other group of conditions, each against the sum of the sources that it asks for."""
    sections: list[Section] = []
    for group in (group for group in summary["group"].unique() if group != SINGLE):
        text = (
            "A Conditioned-U-Net is told the condition, whether or not it was trained on such ones; of dedicated "
            "U-Nets the estimates are summed. The reference is the sum of the sources, each times its weight."
        )
        table = sdr_table(summary, group)
        count = summary[summary["group"] == group]["target"].nunique() - 1
        notes = [f"The {count} conditions one by one are in sdr.csv."] if count > WIDEST else []
        sections.append(Section(f"SDR of {title_of(group)}", [text] if not sections else [], table, notes))
    return sections


def differences_section(table: pd.DataFrame, settings: Compare) -> Section:
    """Which differences between architectures are more than chance, for the mean of each group of targets."""
    own = table[table["target"] == table["group"].map(mean_of)]
    shown = pd.DataFrame(
        {
            "second against first": own["second"] + " – " + own["first"],
            "targets": own["group"].map(title_of),
            "tracks": own["tracks"].map(str),
            "difference, dB": [f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" for row in own.itertuples()],
            "p": own["p"].map("{:.3f}".format),
            "p, Holm": own["p_holm"].map("{:.3f}".format),
            "effect size": own["effect"].map("{:+.2f}".format),
        }
    )
    text = (
        "Every two architectures, paired over tracks: the difference of the mean SDR of the targets, with its "
        f"{settings.confidence:.0%} bootstrap interval; the Wilcoxon signed-rank test, also with Holm's correction for "
        "the number of pairs; the rank-biserial correlation, 1 where the second is better on every track, -1 where the "
        "first is."
    )
    return Section("Differences between architectures", [text], shown, ["Target by target: differences.csv."])


def seeds_section(summary: pd.DataFrame) -> Section:
    """What another seed changes."""
    own = summary[(summary["target"] == summary["group"].map(mean_of)) & (summary[SEEDS] > 1)]
    shown = pd.DataFrame(
        {
            "architecture": own["architecture"],
            "targets": own["group"].map(title_of),
            "seeds": own[SEEDS].map("{:.0f}".format),
            "mean SDR": [f"{row['SDR']:.2f} ± {row[SEED_STD]:.2f}" for _, row in own.iterrows()],
        }
    )
    text = (
        "Trained again with other seeds: the spread is the standard deviation over seeds. In all other tables, the "
        "scores of a track are the means over seeds."
    )
    return Section("Spread over seeds", [text], shown)


def costs_section(table: pd.DataFrame) -> Section:
    """What is counted; what is measured differs from run to run, and belongs to MLflow."""
    text = (
        "Counted from the layers, of all networks of an architecture together, but for what one target takes. Measured "
        "time and memory, which differ from machine to machine, stand beside the scores in MLflow as size_and_time/…"
    )
    return Section("Costs", [text], costs_table(table))


def control_section(control: Path) -> Section:
    """What the control of the architecture under study learned, from what the interpret stage wrote."""
    table = pd.read_csv(control / "neutral.csv").rename(columns={"estimate": "SDR against"})
    shown = table.map(lambda value: "–" if pd.isna(value) else f"{value:.2f}" if isinstance(value, float) else value)
    text = (
        "The SDR of some estimates of the network under study against every instrument: of the mixture, of the U-Net "
        "left alone (all gammas one, all betas zero), and of what each instrument as the condition gives."
    )
    captions = {
        "path.png": "The condition moves from one instrument to another: SDR of every step against every instrument, "
        "and against the weighted sum that the condition asks for. Sound: control/sound.",
        "projection.png": "The conditions in the space of all gammas and betas.",
        "gamma.png": "Gammas of every condition.",
        "beta.png": "Betas of every condition.",
    }
    pictures = [Picture(f"control/{name}", caption) for name, caption in captions.items()]
    examples = sorted(path.name for path in control.glob("*.png") if path.name not in captions)
    pictures += [
        Picture(
            f"control/{name}", "The U-Net left alone, every instrument, and the path as time goes by, on an excerpt."
        )
        for name in examples[:1]
    ]
    return Section("What the control learned", [text], shown, pictures=pictures)


def examples_section(spectrograms: Path) -> Section:
    """Excerpts of the first example track; nothing where none are kept."""
    pictures = [
        Picture(f"{spectrograms.name}/{path.name}", f"{path.stem}: every architecture beside mixture and reference.")
        for path in sorted(spectrograms.glob("*.png"))[:1]
    ]
    return Section(
        "Examples", ["The same excerpts to listen to: sound/<track>/<target>/<architecture>.flac."], pictures=pictures
    )
