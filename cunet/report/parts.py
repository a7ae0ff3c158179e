"""What the report says, part by part."""

from pathlib import Path

import pandas as pd

from cunet.conditions.naming import BETWEEN
from cunet.conditions.tables import SINGLE
from cunet.params import Params
from cunet.report.costs import costs_table
from cunet.report.document import Part, Picture
from cunet.report.listen import PAGE
from cunet.report.published import SUFFIX
from cunet.report.statistics import SEED_MEAN, SEED_STD, SEEDS
from cunet.report.tables import WIDEST, interval, left_out, mean_of, metrics_table, protocol_of, sdr_table, title_of
from cunet.settings.scoring import Compare
from cunet.settings.training import Train
from cunet.variant import DEDICATED

SILENCE = "An estimate of silence would score about 0 dB."


def compared_part(params: Params) -> Part:
    """What was compared, for who knows the paper."""
    train = params.train
    lines = [
        f"The Conditioned-U-Net {params.architecture} beside {', '.join(params.baselines) or 'no other network'}, on "
        f"the data set {params.dataset}. A name says FiLM (simple: one gamma and beta a layer, complex: one a feature "
        "map), control network (dense or conv) and, where they are not the paper's, where the FiLM layers are and "
        f"which conditions the network was trained on; {DEDICATED} is one dedicated U-Net an instrument.",
        f"Training read up to {_patches(train, True)} patches per conditioned network and {_patches(train, False)} per "
        f"dedicated network, {_with_seeds(params.seeds)}. Intervals and tests are over tracks; only several seeds show "
        "what another training would change. The mixture row scores the unprocessed input; the ideal ratio mask is an "
        "upper bound for masks of this kind.",
    ]
    return Part("What is compared", lines)


def _patches(train: Train, conditioned: bool) -> str:
    return f"{train.epochs_of(conditioned) * train.batches_per_epoch * train.batch_size:,}"


def _with_seeds(seeds: list[int]) -> str:
    return f"with seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def scores_part(summary: pd.DataFrame, scores: pd.DataFrame, settings: Compare) -> Part:
    """The SDR of single instruments."""
    tracks = scores.dropna(subset=["SDR"])["track"].nunique()
    text = (
        f"SDR in dB, {protocol_of(scores).title}; {tracks} test tracks; higher is better. "
        f"In brackets, the {settings.confidence:.0%} bootstrap interval over tracks. {SILENCE}"
    )
    notes = left_out(scores)
    if any(name.endswith(SUFFIX) for name in summary["architecture"]):
        notes.append("Published figures are their authors', not measured here: cunet/report/published.csv.")
    picture = Picture("sdr.png", "SDR over tracks with its interval; a dot a track.")
    return Part(f"SDR of {title_of(SINGLE)}", [text], sdr_table(summary, SINGLE), notes, [picture])


def combinations_parts(summary: pd.DataFrame) -> list[Part]:
    """The SDR of every other group of conditions, each against the sum of the sources that it asks for."""
    text = (
        "A Conditioned-U-Net is told the condition, whether or not it was trained on such ones; of dedicated U-Nets "
        "the estimates are summed. The reference is the sum of the sources, each times its weight."
    )
    parts: list[Part] = []
    for group in (group for group in summary["group"].unique() if group != SINGLE):
        own = summary[summary["group"] == group]
        count = own["target"].nunique() - 1
        notes = [f"The {count} conditions one by one are in sdr.csv."] if count > WIDEST else []
        if protocol_of(own).any_level and group == BETWEEN:
            notes.append("This protocol gives an estimate at any level the same score: the levels are not judged.")
        parts.append(Part(f"SDR of {title_of(group)}", [text] if not parts else [], sdr_table(summary, group), notes))
    return parts


def metrics_part(summary: pd.DataFrame, scores: pd.DataFrame) -> Part:
    """Every metric of single instruments, those of newer papers among them."""
    without = "; this version has no ISR" if scores["ISR"].isna().all() else ""
    text = (
        "In dB, the mean over instruments. SDR, ISR (image), SIR (interference) and SAR (artifacts) are those of BSS "
        f"Eval, over tracks as above{without}. SI-SDR (Le Roux et al., 2019) and SDR 2021, the SDR of the 2021 Music "
        "Demixing challenge (Mitsufuji et al., 2022), are computed over whole tracks, and averaged over them."
    )
    notes = ["Instrument by instrument: sdr.csv; track by track: sdr_by_track.csv."]
    return Part("All metrics of single instruments", [text], metrics_table(summary), notes)


def differences_part(table: pd.DataFrame, settings: Compare) -> Part:
    """Which differences between architectures are more than chance, for the mean of each group of targets."""
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
            "effect size": own["effect"].map("{:+.2f}".format),
        }
    )
    text = (
        "Every two architectures, paired over tracks: of the differences track by track in the mean SDR of the "
        "targets, what the tables above give of scores (a median of differences, say, is not the difference of "
        "medians), with its "
        f"{settings.confidence:.0%} bootstrap interval; the Wilcoxon signed-rank test, also with Holm's correction for "
        "the number of pairs; the rank-biserial correlation, 1 where the second is better on every track, -1 where the "
        "first is."
    )
    return Part("Differences between architectures", [text], shown, ["Target by target: differences.csv."])


def seeds_part(summary: pd.DataFrame) -> Part:
    """What another seed changes."""
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
        "Trained again with other seeds: mean and standard deviation over seeds of what the tables above would be for "
        "each. There, the scores of a track are the means over seeds."
    )
    return Part("Spread over seeds", [text], shown)


def costs_part(table: pd.DataFrame) -> Part:
    """What is counted; what is measured differs from run to run, and belongs to MLflow."""
    text = (
        "Counted: the weights of all networks together; the work and memory of one target, which takes one network; "
        "epochs trained, and until the best weights, the mean over networks. Measured time and memory, which differ "
        "from machine to machine, stand beside the scores in MLflow as size_and_time/…"
    )
    return Part("Costs", [text], costs_table(table))


def control_part(control: Path, tracks: int) -> Part:
    """What the control of the architecture under study learned, from what the interpret stage wrote."""
    table = pd.read_csv(control / "neutral.csv", dtype={"estimate": str}, keep_default_na=False, na_values=[""])
    table = table.rename(columns={"estimate": "SDR against"})
    shown = table.map(lambda value: "–" if pd.isna(value) else f"{value:.2f}" if isinstance(value, float) else value)
    text = (
        "The SDR of some estimates of the network under study against every instrument: of the mixture, of the U-Net "
        "left alone (neutral: all gammas one, all betas zero), and of what each instrument as the condition gives, on "
        f"the first {tracks} test tracks. {SILENCE} Among the conditions shown, all, none and the steps of the path "
        "may be ones that the network was not trained on."
    )
    captions = {
        "path.png": "The condition moves from one instrument to another: SDR of every step against every instrument, "
        "and against the weighted sum that the condition asks for. Sound: control/sound.",
        "projection.png": "The conditions in the space of all gammas and betas.",
        "gamma.png": "Gammas of every condition.",
        "beta.png": "Betas of every condition.",
    }
    pictures = [Picture(f"control/{name}", caption) for name, caption in captions.items()]
    pictures += [
        Picture(
            f"control/examples/{path.name}",
            "The U-Net left alone, every instrument, and the path as time goes by, on an excerpt.",
        )
        for path in sorted(control.glob("examples/*.png"))[:1]
    ]
    return Part("What the control learned", [text], shown, pictures=pictures)


def examples_part(pictures: list[Path]) -> Part:
    """Excerpts of the first of the example tracks."""
    first = pictures[0]
    picture = Picture(
        f"{first.parent.name}/{first.name}", f"{first.stem}: every architecture beside mixture and reference."
    )
    return Part("Examples", pictures=[picture], links={"Listen to the mixture, the targets and every estimate": PAGE})


def _probability(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
