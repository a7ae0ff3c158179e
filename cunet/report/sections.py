"""Text and tables of the report, by section: `cunet.registry.sections`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cunet.comparison.comparison import Comparison
from cunet.comparison.convergence import CONVERGED, DIVERGED, FALLING, SHORT
from cunet.comparison.costs import costs_table
from cunet.comparison.published import MARK
from cunet.comparison.statistics import SEED_MEAN, SEED_STD, SEEDS
from cunet.comparison.tables import (
    MEAN,
    WIDEST,
    interval,
    left_out,
    mean_of,
    metrics_table,
    protocol_of,
    sdr_table,
    title_of,
)
from cunet.conditions.naming import BETWEEN, SINGLE
from cunet.evaluation.bounds import BOUNDS
from cunet.interpret.tables import NEUTRAL, read_neutral_sdr
from cunet.report.document import Picture, Section
from cunet.report.listen import PAGE
from cunet.settings.base import flatten
from cunet.settings.training import Train
from cunet.variant import DEDICATED

WriteSections = Callable[[Comparison, Path], list[Section]]  # from the results, and the folder of the report
INTERPRETATION, SPECTROGRAMS, TRAINING = "interpretation", "spectrograms", "training.png"  # in the report
SILENCE = "An estimate of silence would score about 0 dB."


def compared(comparison: Comparison, report: Path) -> list[Section]:
    """The compared architectures."""
    params, train = comparison.params, comparison.params.train
    data = " + ".join(params.datasets)
    lines = [
        f"This report compares the Conditioned-U-Net {params.architecture} with "
        f"{', '.join(params.baselines) or 'no other network'}, on the data set {data}. A name gives the FiLM (simple: "
        "one gamma and beta per layer; complex: one per feature map) and the control network (dense or conv). Unless "
        "they are the paper's, it also gives the placement of the FiLM layers and the training conditions. "
        f"{DEDICATED} stands for the dedicated U-Nets, one per instrument.",
        f"Training used up to {_patches(train, True)} patches per conditioned network and {_patches(train, False)} per "
        f"dedicated network, {_with_seeds(params.seeds)}. Intervals and tests are over tracks; only several seeds show "
        "how much scores vary between trainings. The mixture row scores the unprocessed input; the ideal ratio mask is "
        "an upper bound for masks of this kind.",
    ]
    return [Section("Compared architectures", lines)]


def _patches(train: Train, conditioned: bool) -> str:
    return f"{train.epochs_of(conditioned) * train.batches_per_epoch * train.batch_size:,}"


def _with_seeds(seeds: list[int]) -> str:
    return f"with seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def settings(comparison: Comparison, report: Path) -> list[Section]:
    """The main settings of the run."""
    params = comparison.params
    names = {"architecture": params.architecture, "baselines": params.baselines, "seeds": params.seeds}
    values: dict[str, dict[str, Any]] = {
        "networks": names | flatten({"unet": params.unet, "controls": params.controls}),
        "data": {"dataset": params.datasets, "merge": params.merged} | flatten({"validation": params.validation}),
        "spectrogram": flatten(dict(params.spectrogram)),
        "training": flatten(dict(params.train)) | flatten({"patch": params.patch}),
        "scoring": flatten(dict(params.evaluate)),
    }
    shown = pd.DataFrame(
        [(name, ", ".join(f"{key}: {_word(value)}" for key, value in own.items())) for name, own in values.items()],
        columns=["", "settings"],
    )
    note = (
        "The main settings of params.yaml. Once these results are committed, git log -1 dvc.lock names the commit with "
        "the whole file and the code."
    )
    return [Section("Settings", table=shown, notes=[note], words=True)]


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None or value == {} else str(value)


def scores(comparison: Comparison, report: Path) -> list[Section]:
    """The SDR of single instruments."""
    summary, scores, settings = comparison.summary, comparison.scores, comparison.params.compare
    tracks = scores.dropna(subset=["SDR"])["track"].nunique()
    text = (
        f"SDR in dB, {protocol_of(scores).title}; {tracks} test tracks; higher is better. "
        f"In brackets, the {settings.confidence:.0%} bootstrap interval over tracks. {SILENCE}"
    )
    notes = left_out(scores)
    if any(name.endswith(MARK) for name in summary["architecture"]):
        notes.append("Published figures are the authors' own, not measured here: cunet/comparison/published.csv.")
    picture = Picture("sdr.png", "SDR over tracks with its interval; one dot per track.")
    best = _best(summary, SINGLE)
    return [Section(f"SDR of {title_of(SINGLE)}", [text], sdr_table(summary, SINGLE), notes, [picture], best=best)]


def _best(summary: pd.DataFrame, group: str) -> set[tuple[str, str]]:
    """The best trained architecture per column of `sdr_table`, as (architecture, column), if there are several."""
    names = summary["architecture"]
    trained = (summary["group"] == group) & ~names.isin(BOUNDS) & ~names.str.endswith(MARK) & summary["SDR"].notna()
    own = summary[trained].assign(column=lambda table: table["target"].replace(mean_of(group), MEAN))
    several = own.groupby("column").filter(lambda rows: len(rows) > 1)
    best = several.loc[several.groupby("column")["SDR"].idxmax()]
    return set(zip(best["architecture"], best["column"], strict=True))


def combinations(comparison: Comparison, report: Path) -> list[Section]:
    """The SDR of every other group of conditions, each against its weighted sum of sources."""
    summary = comparison.summary
    itself = comparison.params.evaluate.consistency == "none"
    text = (
        "The Conditioned-U-Nets take the condition itself, even if they were not trained on it. For dedicated U-Nets, "
        "the estimates of single instruments are summed. "
        if itself
        else "The masks of single instruments are summed, for all architectures. "
    ) + "The reference is the weighted sum of the sources."
    sections: list[Section] = []
    for group in (group for group in summary["group"].unique() if group != SINGLE):
        own = summary[summary["group"] == group]
        count = own["target"].nunique() - 1
        notes = [f"All {count} conditions: sdr.csv."] if count > WIDEST else []
        if protocol_of(own).any_level and group == BETWEEN:
            notes.append("Scores of this protocol do not depend on the level of an estimate: levels are not evaluated.")
        texts = [] if sections else [text]
        table, best = sdr_table(summary, group), _best(summary, group)
        sections.append(Section(f"SDR of {title_of(group)}", texts, table, notes, best=best))
    return sections


def metrics(comparison: Comparison, report: Path) -> list[Section]:
    """All metrics of single instruments, including those of newer papers."""
    without = "; this version has no ISR" if comparison.scores["ISR"].isna().all() else ""
    text = (
        "In dB, means over instruments. SDR, ISR (image), SIR (interference) and SAR (artifacts) are those of BSS "
        f"Eval, aggregated over tracks as above{without}. SI-SDR (Le Roux et al., 2019) and SDR 2021, the SDR of the "
        "2021 Music Demixing challenge (Mitsufuji et al., 2022), are computed over whole tracks and averaged."
    )
    notes = ["By instrument: sdr.csv; by track: sdr_by_track.csv."]
    return [Section("All metrics of single instruments", [text], metrics_table(comparison.summary), notes)]


def differences(comparison: Comparison, report: Path) -> list[Section]:
    """Differences between architectures with their significance, for the mean of each group of targets."""
    table, settings = comparison.differences, comparison.params.compare
    if not len(table):
        return []
    own = table[table["target"] == table["group"].map(mean_of)]
    values = own[["difference", "low", "high"]]
    shown = pd.DataFrame(
        {
            "second against first": own["second"] + " – " + own["first"],
            "targets": own["group"].map(title_of),
            "tracks": own["tracks"].map(str),
            "difference, dB": [f"{value:+.2f}{interval(*ends)}" for value, *ends in values.to_numpy()],
            "p": own["p"].map(_probability),
            "p, Holm": own["p_holm"].map(_probability),
            f"p, equivalent within {settings.margin:g} dB": own["p_equivalent"].map(_probability),
            "effect size": own["effect"].map("{:+.2f}".format),
        }
    )
    text = (
        "All pairs of architectures, paired over tracks by the mean SDR of the targets. The difference is the median "
        f"or mean over tracks, as in the tables above, with the {settings.confidence:.0%} interval of a bootstrap over "
        "tracks and seeds. A median of differences is not the difference of the medians. p is from the Wilcoxon "
        "signed-rank test, also with Holm's correction for the number of pairs; a large p does not show equality. The "
        "last p is from two one-sided tests: if it is small, the difference is within the margin of "
        f"{settings.margin:g} dB. It needs several seeds. "
        "The effect size is the rank-biserial correlation: 1 if the second is better on every track, -1 if the first "
        "is."
    )
    return [Section("Differences between architectures", [text], shown, ["By target: differences.csv."])]


def seeds(comparison: Comparison, report: Path) -> list[Section]:
    """The spread over seeds."""
    summary = comparison.summary
    if summary[SEEDS].max() <= 1:
        return []
    own = summary[(summary["target"] == summary["group"].map(mean_of)) & (summary[SEEDS] > 1)]
    shown = pd.DataFrame(
        {
            "architecture": own["architecture"],
            "targets": own["group"].map(title_of),
            "seeds": own[SEEDS].map("{:.0f}".format),
            "mean SDR": [f"{row[SEED_MEAN]:.2f} ± {row[SEED_STD]:.2f}" for _, row in own.iterrows()],
        }
    )
    text = (
        "Mean and standard deviation over trainings with different seeds. The tables above use the mean over seeds of "
        "each track's score."
    )
    return [Section("Spread over seeds", [text], shown)]


def convergence(comparison: Comparison, report: Path) -> list[Section]:
    """The convergence of each network."""
    table, share = comparison.convergence, comparison.params.compare.still_falling
    counts = table["state"].value_counts()
    told = ", ".join(f"{counts.get(state, 0)} {state}" for state in (CONVERGED, FALLING, DIVERGED, SHORT))
    text = (
        f"Of {len(table)} trained networks: {told}. Still falling: the lowest validation loss fell by more than "
        f"{share:.0%} in the last quarter of the epochs. The score then shows what this budget gives, not what the "
        "architecture can reach. Diverged: the last training loss is above the first, or a loss is not finite. A "
        "learning rate that ends at zero stops every loss from falling: only a longer training shows whether it helps."
    )
    shown = pd.DataFrame(
        {
            "network": table["network"],
            "epochs": table["epochs"].map(str),
            "validation loss": table["validation loss"].map("{:.3g}".format),
            "fall in the last quarter": ["–" if pd.isna(fall) else f"{fall:.1%}" for fall in table["fall"]],
            "state": table["state"],
        }
    )
    picture = Picture(TRAINING, "Losses of every network; one line per seed.")
    return [Section("Convergence", [text], shown, ["Numbers: convergence.csv and training.csv."], [picture])]


def costs(comparison: Comparison, report: Path) -> list[Section]:
    """The counted costs; measured ones vary between runs and are in MLflow."""
    text = (
        "Counted costs: the weights of all networks together; the operations and memory of one mask, from one network "
        "(with consistent masks, a target needs the masks of all instruments); the epochs trained and those until the "
        "best weights, as means over networks. Measured time and memory depend on the machine; they are logged to "
        "MLflow as size_and_time/…"
    )
    return [Section("Costs", [text], costs_table(comparison.costs), ["Numbers: costs.csv."])]


def interpretation(comparison: Comparison, report: Path) -> list[Section]:
    """The analysis of the studied architecture's control network, from the interpret stage."""
    folder = report / INTERPRETATION
    tracks = min(comparison.params.interpret.tracks, comparison.scores["track"].nunique())
    table = read_neutral_sdr(folder).reset_index(names="SDR against")
    shown = table.map(lambda value: "–" if pd.isna(value) else f"{value:.2f}" if isinstance(value, float) else value)
    has_neutral = NEUTRAL in set(table["SDR against"])
    neutral = "of the U-Net alone (neutral: all gammas one, all betas zero), " if has_neutral else ""
    text = (
        f"SDR against every instrument, on the first {tracks} test tracks: of the mixture, {neutral}and of the studied "
        "network's estimates with each instrument as the condition. Masks are the network's own, without "
        f"evaluate.consistency. {SILENCE} The network may not have been trained on all conditions shown, such as all, "
        "none and the steps of the path."
    )
    captions = {
        "path.png": "The condition moves from one instrument to another: SDR of every step against every instrument, "
        "and against the weighted sum that the condition asks for. Audio: interpretation/sound.",
        "projection.png": "The conditions in the space of all gammas and betas.",
        "gamma.png": "Gammas of all conditions.",
        "beta.png": "Betas of all conditions.",
    }
    pictures = [
        Picture(f"{INTERPRETATION}/{name}", caption) for name, caption in captions.items() if (folder / name).exists()
    ]
    pictures += [
        Picture(
            f"{INTERPRETATION}/examples/{path.name}",
            "An excerpt: the mixture, the estimates of all instruments, and the path over time.",
        )
        for path in sorted(folder.glob("examples/*.png"))[:1]
    ]
    return [Section("Analysis of the control network", [text], shown, pictures=pictures)]


def examples(comparison: Comparison, report: Path) -> list[Section]:
    """Spectrograms of the first example track, and a link to the listening page."""
    pictures = sorted((report / SPECTROGRAMS).glob("*.png"))
    if not pictures:
        return []
    first = pictures[0]
    picture = Picture(
        f"{SPECTROGRAMS}/{first.name}", f"{first.stem}: mixture, reference, and estimates of all architectures."
    )
    links = {"Listen to the mixture, the targets and all estimates": PAGE}
    return [Section("Examples", pictures=[picture], links=links)]


def _probability(value: float) -> str:
    return "–" if pd.isna(value) else "<0.001" if value < 0.001 else f"{value:.3f}"
