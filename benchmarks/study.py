"""One network compared with four: SDR over the training budget, with conclusive statistics.

    python -m benchmarks.study run [--budgets 4 16] [--out study] [-S name=value ...]
    python -m benchmarks.study report [--out study]

`run` trains and scores the dedicated U-Nets and the four variants of the Conditioned-U-Net with several seeds, one
budget after another, with `dvc exp run`. A budget is a number of epochs per network, of 1,024 patches each. Its results
are kept in `<out>/<patches>/`: scores of every track, training curves, and excerpts for listening.
This takes hours; an interrupted run resumes.

`report` compares each variant with the dedicated networks at the same budget per network, and at the same total budget,
of which each dedicated network has a quarter. One budget must be four times another.
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
from benchmarks.workspace import add_changes
from cunet.cli import running
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
FIXED = {setting.partition("=")[0] for setting in SETTINGS[:4]}  # set by the study itself
SCORES, TRAINING, CONVERGENCE = "sdr_by_track.csv", "training.csv", "convergence.csv"  # in the report
HOURS = "hours.txt"  # written last
INSTRUMENTS = 4  # dedicated networks per conditioned one
ALPHA = 0.05


def run(budgets: list[int], changes: list[str], out: Path) -> None:
    """Train and score at every budget that has no scores yet.

    Raises:
        UserError: there are scores with other settings, a setting cannot be changed, or DVC failed.
    """
    if fixed := [change for change in changes if change.partition("=")[0] in FIXED]:
        raise UserError(f"-S {fixed[0]}: the study sets this parameter itself. Remove the option.")
    params = load_params(changes=[*SETTINGS, *changes, *_budget(1)])
    described = params.model_dump_json(indent=2) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "params.json"
    if kept.exists() and kept.read_text() != described:
        raise UserError(f"{out}: has a study with other parameters. Choose another --out, or restore params.yaml.")
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
    print("params.yaml has the settings of the study; git checkout . && dvc checkout restores the committed ones")


def _budget(epochs: int) -> list[str]:
    names = ("train.epochs.conditioned", "train.epochs.dedicated", "train.patience.stop")
    return [f"{name}={epochs}" for name in names]


def _run_experiment(settings: list[str]) -> None:
    """Run DVC; interruptions are passed on, so that it stops its stage and releases its locks."""
    options = [option for setting in settings for option in ("-S", setting)]
    process = subprocess.Popen([sys.executable, "-m", "dvc", "exp", "run", *options])
    try:
        failed = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if failed:
        raise UserError("dvc exp run failed; see above. Run the same command again to resume.")


def read(out: Path, name: str) -> dict[int, pd.DataFrame]:
    """One table per complete budget, by patches per network.

    Raises:
        UserError: no budget is complete.
    """
    complete = sorted(int(path.parent.name) for path in out.glob(f"[0-9]*/{HOURS}"))
    if not complete:
        raise UserError(f"{out}: no complete budget. Run the study first.")
    return {patches: pd.read_csv(out / str(patches) / name) for patches in complete}


def in_order(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows ordered by architecture: lower bound, dedicated networks, variants, upper bound."""
    lower, upper = BOUNDS
    order = [lower, *NAMES, upper]
    return scores.sort_values("architecture", key=lambda names: names.map(order.index), kind="stable")


def summary(scores: pd.DataFrame, settings: Compare) -> pd.DataFrame:
    """SDR over tracks of every architecture and target, from means over seeds, with its interval over tracks."""
    means = over_seeds(scores)
    return summarise(means).merge(intervals(means, settings), on=["architecture", "target"])


def compare(scores: dict[int, pd.DataFrame], settings: Compare) -> pd.DataFrame:
    """Compare every variant with the dedicated networks, at the same budget per network and in total."""
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
    """What a difference shows after Holm's correction for all tests."""
    found = []
    if row["p_holm"] < ALPHA:
        found.append(f"{'variant' if row['difference'] > 0 else 'dedicated networks'} better")
    if row["p_equivalent_holm"] < ALPHA:
        found.append(f"equivalent within {margin:g} dB")
    return ", ".join(found) or "undecided"


def differences_table(found: pd.DataFrame, margin: float) -> pd.DataFrame:
    """The table of `compare`, formatted for reading."""
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
    """Print the tables; plot SDR over the budget, and training curves."""
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
    parser.add_argument("what", choices=["run", "report"], help="train and score, or compare")
    parser.add_argument("--budgets", type=int, nargs="+", default=[4, 16], help="epochs per network (default: 4 16)")
    parser.add_argument("--out", type=Path, default=Path("study"), help="folder of the study (default: %(default)s)")
    add_changes(parser)
    arguments = parser.parse_args()
    print(machine(), flush=True)

    def study() -> None:
        if arguments.what == "run":
            run(arguments.budgets, arguments.changes, arguments.out)
        report(arguments.out)

    running.run(study)


if __name__ == "__main__":
    main()
