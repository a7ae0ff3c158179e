"""One network against four: SDR against training budget, with statistics that can decide.

    python -m benchmarks.study run [--budgets 4 16] [--out study] [-S name=value ...]
    python -m benchmarks.study report [--out study]

`run` trains and scores the dedicated U-Nets and the four variants of the Conditioned-U-Net with several seeds, one
budget after another, by `dvc exp run`. A budget is the number of epochs of every network, of 1,024 patches each; what
was found with it is kept in `<out>/<patches>/`: scores of every track, training curves, and excerpts to listen to.
It takes hours; an interrupted run goes on where it was.

`report` compares them: each variant with the dedicated networks of the same budget per network, and with those of the
same total budget, of which each had a quarter. Needs budgets of which one is four times the other.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from benchmarks import study_figures
from benchmarks.measure import machine
from cunet import cli
from cunet.comparison.convergence import CONVERGED
from cunet.comparison.statistics import differences, intervals, over_seeds, seed_spread
from cunet.comparison.tables import MEAN, sdr_table, summarise
from cunet.conditions.naming import SINGLE
from cunet.errors import UserError
from cunet.evaluation.bounds import BOUNDS
from cunet.layout import REPORTS
from cunet.params import load_params
from cunet.report.listen import PAGE
from cunet.report.training_plot import draw_training
from cunet.settings.comparison import Compare
from cunet.variant import DEDICATED

VARIANTS = ("simple-dense", "simple-conv", "complex-dense", "complex-conv")
NAMES = [DEDICATED, *VARIANTS]
SETTINGS = (
    "film=simple",
    "control=dense",
    f"baselines=[{DEDICATED},{','.join(VARIANTS[1:])}]",
    "seeds=[0,1,2]",
    "synthetic.test=24",
    "evaluate.conditions=single",
)
FIXED = {setting.partition("=")[0] for setting in SETTINGS[:4]}  # what the study is about
SCORES, TRAINING, CONVERGENCE = "sdr_by_track.csv", "training.csv", "convergence.csv"  # of the report
HOURS = "hours.txt"  # written last
INSTRUMENTS = 4  # dedicated networks per conditioned one
ALPHA = 0.05


def run(budgets: list[int], changes: list[str], out: Path) -> None:
    """Train and score at every budget, unless its scores are there.

    Raises:
        UserError: scores of other settings are there, a setting is not to be changed, or DVC failed.
    """
    if fixed := [change for change in changes if change.partition("=")[0] in FIXED]:
        raise UserError(f"-S {fixed[0]}: the study sets this itself")
    params = load_params(changes=[*SETTINGS, *changes, *_budget(1)])
    described = params.model_dump_json(indent=2) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "params.json"
    if kept.exists() and kept.read_text() != described:
        raise UserError(f"{out}: holds a study with other parameters: choose another --out, or restore params.yaml")
    kept.write_text(described)
    for epochs in budgets:
        folder = out / str(epochs * params.train.batches_per_epoch * params.train.batch_size)
        if (folder / HOURS).exists():
            continue
        begin = time.monotonic()
        _run_experiment([*SETTINGS, *changes, *_budget(epochs)])
        folder.mkdir(exist_ok=True)
        for name in (SCORES, TRAINING, CONVERGENCE, PAGE):
            shutil.copyfile(REPORTS / name, folder / name)
        (folder / HOURS).write_text(f"{(time.monotonic() - begin) / 3600:.1f} hours on {machine()}\n")
    print("params.yaml holds the settings of the study: git checkout . && dvc checkout restores the committed ones")


def _budget(epochs: int) -> list[str]:
    names = ("train.epochs.conditioned", "train.epochs.dedicated", "train.patience.stop")
    return [f"{name}={epochs}" for name in names]


def _run_experiment(settings: list[str]) -> None:
    """Run DVC; an interruption reaches it, so that it stops its stage and lets go of its locks."""
    options = [option for setting in settings for option in ("-S", setting)]
    process = subprocess.Popen([sys.executable, "-m", "dvc", "exp", "run", *options])
    try:
        failed = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if failed:
        raise UserError("dvc exp run failed: see above; the same command goes on from there")


def read(out: Path, name: str) -> dict[int, pd.DataFrame]:
    """A table of every budget that is complete, by patches per network.

    Raises:
        UserError: there is none.
    """
    complete = sorted(int(path.parent.name) for path in out.glob(f"[0-9]*/{HOURS}"))
    if not complete:
        raise UserError(f"{out}: holds no complete budget: run the study first")
    return {patches: pd.read_csv(out / str(patches) / name) for patches in complete}


def in_order(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows by architecture: the dedicated networks first, then the variants, between the bounds."""
    lower, upper = BOUNDS
    order = [lower, *NAMES, upper]
    return scores.sort_values("architecture", key=lambda names: names.map(order.index), kind="stable")


def summary(scores: pd.DataFrame, settings: Compare) -> pd.DataFrame:
    """SDR over tracks of every architecture and target, of means over seeds, with its interval over tracks."""
    means = over_seeds(scores)
    return summarise(means).merge(intervals(means, settings), on=["architecture", "target"])


def compare(scores: dict[int, pd.DataFrame], settings: Compare) -> pd.DataFrame:
    """Every variant against the dedicated networks, at the same budget per network and in total."""
    rows = []
    for patches, table in scores.items():
        variants = table[table["architecture"].isin(VARIANTS)]
        for kind, dedicated in (("per network", patches), ("in total", patches // INSTRUMENTS)):
            if dedicated not in scores:
                continue
            own = scores[dedicated][scores[dedicated]["architecture"] == DEDICATED]
            found = differences(pd.concat([variants, own]), NAMES, settings)
            found = found[(found["target"] == MEAN) & (found["first"] == DEDICATED)]
            rows.append(found.assign(budget=f"{patches:,} against {dedicated:,}: the same {kind}"))
    found = pd.concat(rows, ignore_index=True)
    for name in ("p", "p_equivalent"):
        found[f"{name}_holm"] = multipletests(found[name], method="holm")[1]
    return found


def verdict(row: pd.Series, margin: float) -> str:
    """What a difference shows, and what it does not, after Holm's correction for all that are tested."""
    found = []
    if row["p_holm"] < ALPHA:
        found.append(f"{'variant' if row['difference'] > 0 else 'dedicated networks'} better")
    if row["p_equivalent_holm"] < ALPHA:
        found.append(f"equivalent within {margin:g} dB")
    return ", ".join(found) or "not decided"


def differences_table(found: pd.DataFrame, margin: float) -> pd.DataFrame:
    """`compare` for people."""
    return pd.DataFrame(
        {
            "patches per network, variant against dedicated": found["budget"],
            "variant": found["second"],
            "difference, dB": [
                f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" for row in found.itertuples()
            ],
            "p, Holm": found["p_holm"].map(_p),
            "p of equivalence, Holm": found["p_equivalent_holm"].map(_p),
            "shown": [verdict(row, margin) for _, row in found.iterrows()],
        }
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def report(out: Path) -> None:
    """Print the tables, and draw SDR against the budget, and training curves."""
    scores = {patches: in_order(table[table["group"] == SINGLE]) for patches, table in read(out, SCORES).items()}
    settings = load_params().compare
    summaries = {patches: summary(table, settings) for patches, table in scores.items()}
    for patches, table in summaries.items():
        print(f"{patches:,} patches per network: {(out / str(patches) / HOURS).read_text()}")
        print(sdr_table(table, SINGLE).to_markdown(index=False), end="\n\n")
        spread = seed_spread(scores[patches]).query("target == @MEAN and architecture in @NAMES")
        print(spread.drop(columns="target").round(2).to_markdown(index=False), end="\n\n")
    print(differences_table(compare(scores, settings), settings.margin).to_markdown(index=False), end="\n\n")
    for patches, table in read(out, CONVERGENCE).items():
        counts = table["state"].value_counts()
        print(f"{patches:,} patches: {', '.join(f'{count} networks {state}' for state, count in counts.items())}")
        print(table[table["state"] != CONVERGED].to_markdown(index=False), end="\n\n")
    study_figures.draw_budgets(summaries, NAMES, INSTRUMENTS, out / "budgets.png")
    for patches, curves in read(out, TRAINING).items():
        draw_training(curves, out / str(patches) / "training.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "report"])
    parser.add_argument("--budgets", type=int, nargs="+", default=[4, 16], help="epochs of every network")
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument("-S", dest="changes", action="append", default=[], metavar="name=value")
    arguments = parser.parse_args()
    print(machine(), flush=True)

    def study() -> None:
        if arguments.what == "run":
            run(arguments.budgets, arguments.changes, arguments.out)
        report(arguments.out)

    cli.run(study)


if __name__ == "__main__":
    main()
