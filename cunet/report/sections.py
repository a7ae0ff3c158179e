"""What the report says, section by section: `cunet.registry.sections`."""

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
from cunet.conditions.naming import BETWEEN
from cunet.conditions.tables import SINGLE
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
    """What was compared, for readers of the paper."""
    params, train = comparison.params, comparison.params.train
    data = " + ".join(params.datasets)
    lines = [
        f"The Conditioned-U-Net {params.architecture} beside {', '.join(params.baselines) or 'no other network'}, on "
        f"the data set {data}. A name says FiLM (simple: one gamma and beta per layer, complex: one per feature map), "
        "control network (dense or conv) and, where they are not the paper's, where the FiLM layers are "
        f"and which conditions the network was trained on; {DEDICATED} is one dedicated U-Net per instrument.",
        f"Training read up to {_patches(train, True)} patches per conditioned network and {_patches(train, False)} per "
        f"dedicated network, {_with_seeds(params.seeds)}. Intervals and tests are over tracks; only several seeds show "
        "what another training would change. The mixture row scores the unprocessed input; the ideal ratio mask is an "
        "upper bound for masks of this kind.",
    ]
    return [Section("What is compared", lines)]


def _patches(train: Train, conditioned: bool) -> str:
    return f"{train.epochs_of(conditioned) * train.batches_per_epoch * train.batch_size:,}"


def _with_seeds(seeds: list[int]) -> str:
    return f"with seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def settings(comparison: Comparison, report: Path) -> list[Section]:
    """The settings of the run that decide on its figures."""
    params = comparison.params
    names = {"architecture": params.architecture, "baselines": params.baselines, "seeds": params.seeds}
    values: dict[str, dict[str, Any]] = {
        "networks": names | flatten({"unet": params.unet}),
        "data": {"dataset": params.datasets, "merge": params.merged},
        "spectrogram": flatten(dict(params.spectrogram)),
        "training": flatten(dict(params.train)) | flatten({"patch": params.patch}),
        "scoring": flatten(dict(params.evaluate)),
    }
    shown = pd.DataFrame(
        [(name, ", ".join(f"{key}: {_word(value)}" for key, value in own.items())) for name, own in values.items()],
        columns=["", "settings"],
    )
    note = (
        "As in params.yaml. git log -1 dvc.lock names the commit of these results, which holds the whole file and "
        "the code."
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
        notes.append("Published figures are their authors', not measured here: cunet/comparison/published.csv.")
    picture = Picture("sdr.png", "SDR over tracks with its interval; a dot per track.")
    best = _best(summary, SINGLE)
    return [Section(f"SDR of {title_of(SINGLE)}", [text], sdr_table(summary, SINGLE), notes, [picture], best=best)]


def _best(summary: pd.DataFrame, group: str) -> set[tuple[str, str]]:
    """The best trained architecture of each column of `sdr_table`, as (architecture, column), where several are."""
    names = summary["architecture"]
    trained = (summary["group"] == group) & ~names.isin(BOUNDS) & ~names.str.endswith(MARK) & summary["SDR"].notna()
    own = summary[trained].assign(column=lambda table: table["target"].replace(mean_of(group), MEAN))
    several = own.groupby("column").filter(lambda rows: len(rows) > 1)
    best = several.loc[several.groupby("column")["SDR"].idxmax()]
    return set(zip(best["architecture"], best["column"], strict=True))


def combinations(comparison: Comparison, report: Path) -> list[Section]:
    """The SDR of every other group of conditions, each against the weighted sum of the sources that it asks for."""
    summary = comparison.summary
    text = (
        "A Conditioned-U-Net gets the condition, whether or not it was trained on it. Estimates of dedicated U-Nets "
        "are summed. The reference is the weighted sum of the sources."
    )
    sections: list[Section] = []
    for group in (group for group in summary["group"].unique() if group != SINGLE):
        own = summary[summary["group"] == group]
        count = own["target"].nunique() - 1
        notes = [f"The {count} conditions one by one are in sdr.csv."] if count > WIDEST else []
        if protocol_of(own).any_level and group == BETWEEN:
            notes.append("This protocol gives an estimate at any level the same score: the levels are not judged.")
        texts = [] if sections else [text]
        table, best = sdr_table(summary, group), _best(summary, group)
        sections.append(Section(f"SDR of {title_of(group)}", texts, table, notes, best=best))
    return sections


def metrics(comparison: Comparison, report: Path) -> list[Section]:
    """Every metric of single instruments, those of newer papers among them."""
    without = "; this version has no ISR" if comparison.scores["ISR"].isna().all() else ""
    text = (
        "In dB, the mean over instruments. SDR, ISR (image), SIR (interference) and SAR (artifacts) are those of BSS "
        f"Eval, over tracks as above{without}. SI-SDR (Le Roux et al., 2019) and SDR 2021, the SDR of the 2021 Music "
        "Demixing challenge (Mitsufuji et al., 2022), are computed over whole tracks, and averaged over them."
    )
    notes = ["Instrument by instrument: sdr.csv; track by track: sdr_by_track.csv."]
    return [Section("All metrics of single instruments", [text], metrics_table(comparison.summary), notes)]


def differences(comparison: Comparison, report: Path) -> list[Section]:
    """Which differences between architectures are more than chance, for the mean of each group of targets."""
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
        "Every two architectures, paired over tracks by the mean SDR of the targets. The difference is the median or "
        f"mean over tracks, as in the tables above, with its {settings.confidence:.0%} interval of a bootstrap that "
        "draws tracks and seeds; a median of differences is not the difference of medians. p is that of the Wilcoxon "
        "signed-rank test, also with Holm's correction for the number of pairs: a large one proves no equality. The "
        "last p is that of two one-sided tests: a small one shows that the difference is within the "
        f"margin of {settings.margin:g} dB; it needs several seeds. "
        "The effect size is the rank-biserial correlation: 1 where the second is better on every track, -1 where the "
        "first is."
    )
    return [Section("Differences between architectures", [text], shown, ["Target by target: differences.csv."])]


def seeds(comparison: Comparison, report: Path) -> list[Section]:
    """What another seed changes."""
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
        "Mean and standard deviation over trainings with different seeds. In the tables above, the score of a track is "
        "the mean over seeds."
    )
    return [Section("Spread over seeds", [text], shown)]


def convergence(comparison: Comparison, report: Path) -> list[Section]:
    """Networks that have not converged."""
    table, share = comparison.convergence, comparison.params.compare.still_falling
    counts = table["state"].value_counts()
    told = ", ".join(f"{counts.get(state, 0)} {state}" for state in (CONVERGED, FALLING, DIVERGED, SHORT))
    text = (
        f"Of {len(table)} trained networks: {told}. Still falling: in the last quarter of its epochs, the lowest "
        f"validation loss of a network fell by more than {share:.0%}: its score tells what this budget gives, not what "
        "the architecture can. Diverged: the last training loss is above the first, or a loss is not finite. A "
        "learning rate that ends at zero brings every loss to rest, so only a longer training shows what it would add."
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
    picture = Picture(TRAINING, "Losses of every network; a line per seed.")
    return [Section("Convergence", [text], shown, ["Numbers: convergence.csv and training.csv."], [picture])]


def costs(comparison: Comparison, report: Path) -> list[Section]:
    """What is counted; what is measured differs from run to run, and belongs to MLflow."""
    text = (
        "Counted: the weights of all networks together; the work and memory of one mask, which takes one network "
        "(where masks share the mixture, a target takes a mask of every instrument); epochs trained, and until the "
        "best weights, the mean over networks. Measured time and memory, which differ from machine to machine, stand "
        "beside the scores in MLflow as size_and_time/…"
    )
    return [Section("Costs", [text], costs_table(comparison.costs), ["Numbers: costs.csv."])]


def interpretation(comparison: Comparison, report: Path) -> list[Section]:
    """What the control network of the studied architecture learned, from what the interpret stage wrote."""
    folder = report / INTERPRETATION
    tracks = min(comparison.params.interpret.tracks, comparison.scores["track"].nunique())
    table = read_neutral_sdr(folder).reset_index(names="SDR against")
    shown = table.map(lambda value: "–" if pd.isna(value) else f"{value:.2f}" if isinstance(value, float) else value)
    has_neutral = NEUTRAL in set(table["SDR against"])
    neutral = "of the U-Net alone (neutral: all gammas one, all betas zero), " if has_neutral else ""
    text = (
        f"SDR of estimates of the studied network against every instrument: of the mixture, {neutral}and of each "
        f"instrument as the condition, on the first {tracks} test tracks. Masks are the network's own, whatever "
        f"evaluate.consistency says. {SILENCE} Among the conditions shown, all, "
        "none and the steps of the path may be ones that the network was not trained on."
    )
    captions = {
        "path.png": "The condition moves from one instrument to another: SDR of every step against every instrument, "
        "and against the weighted sum that the condition asks for. Sound: interpretation/sound.",
        "projection.png": "The conditions in the space of all gammas and betas.",
        "gamma.png": "Gammas of every condition.",
        "beta.png": "Betas of every condition.",
    }
    pictures = [
        Picture(f"{INTERPRETATION}/{name}", caption) for name, caption in captions.items() if (folder / name).exists()
    ]
    pictures += [
        Picture(
            f"{INTERPRETATION}/examples/{path.name}",
            "An excerpt: the mixture, estimates of every instrument, and the path as time goes by.",
        )
        for path in sorted(folder.glob("examples/*.png"))[:1]
    ]
    return [Section("What the control network learned", [text], shown, pictures=pictures)]


def examples(comparison: Comparison, report: Path) -> list[Section]:
    """Excerpts of the first of the example tracks."""
    pictures = sorted((report / SPECTROGRAMS).glob("*.png"))
    if not pictures:
        return []
    first = pictures[0]
    picture = Picture(f"{SPECTROGRAMS}/{first.name}", f"{first.stem}: every architecture beside mixture and reference.")
    links = {"Listen to the mixture, the targets and every estimate": PAGE}
    return [Section("Examples", pictures=[picture], links=links)]


def _probability(value: float) -> str:
    return "–" if pd.isna(value) else "<0.001" if value < 0.001 else f"{value:.3f}"
