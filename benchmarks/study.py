"""One network against four: SDR against training budget, with statistics that can decide.

    python -m benchmarks.study run [--budgets 4 16] [--out study] [-S name=value ...]
    python -m benchmarks.study report [--out study]

`run` trains and scores the dedicated U-Nets and the four variants of the Conditioned-U-Net with several seeds, one
budget after another, by `dvc exp run`, and keeps the scores of every track in `<out>/<patches>.csv`. A budget is the
number of epochs of every network, of 1,024 patches each. It takes hours; an interrupted run goes on where it was.

`report` compares them: each variant with the dedicated networks of the same budget per network, and with those of the
same total budget, of which each had a quarter. Needs budgets of which one is four times the other.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from statsmodels.stats.multitest import multipletests

from benchmarks.measure import machine
from cunet import cli
from cunet.comparison.convergence import CONVERGED
from cunet.comparison.statistics import differences, over_seeds
from cunet.comparison.tables import MEAN, summarise
from cunet.conditions.tables import SINGLE
from cunet.errors import UserError
from cunet.params import load_params
from cunet.variant import DEDICATED

VARIANTS = ("simple-dense", "simple-conv", "complex-dense", "complex-conv")
SETTINGS = (
    "film=simple",
    "control=dense",
    f"baselines=[{DEDICATED},{','.join(VARIANTS[1:])}]",
    "seeds=[0,1,2]",
    "synthetic.test=24",
    "evaluate.conditions=single",
)
INSTRUMENTS = 4  # dedicated networks per conditioned one
ALPHA = 0.05


def run(budgets: list[int], changes: list[str], out: Path) -> None:
    """Train and score at every budget, unless its scores are there.

    Raises:
        UserError: scores of other settings are there.
    """
    out.mkdir(exist_ok=True)
    described = "\n".join([*SETTINGS, *changes]) + "\n"
    kept = out / "settings.txt"
    if kept.exists() and kept.read_text() != described:
        raise UserError(f"{out}: holds a study with other settings: choose another --out")
    kept.write_text(described)
    for epochs in budgets:
        params = load_params(changes=[*SETTINGS, *changes])
        patches = epochs * params.train.batches_per_epoch * params.train.batch_size
        if (out / f"{patches}.csv").exists():
            continue
        budget = [f"train.epochs.{kind}={epochs}" for kind in ("conditioned", "dedicated")]
        settings = [*SETTINGS, *changes, *budget, f"train.patience.stop={epochs}"]
        options = [option for setting in settings for option in ("-S", setting)]
        subprocess.run(["dvc", "exp", "run", *options], check=True)
        shutil.copyfile("reports/convergence.csv", out / f"convergence-{patches}.csv")
        shutil.copyfile("reports/sdr_by_track.csv", out / f"{patches}.csv")


def read(out: Path) -> dict[int, pd.DataFrame]:
    """Scores of every track with every seed, by patches per network."""
    tables = {int(path.stem): pd.read_csv(path) for path in out.glob("[0-9]*.csv")}
    if not tables:
        raise UserError(f"{out}: holds no scores: run the study first")
    return {
        patches: table[(table["group"] == SINGLE) & table["architecture"].isin([DEDICATED, *VARIANTS])]
        for patches, table in sorted(tables.items())
    }


def compare(scores: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """Every variant against the dedicated networks, at the same budget per network and in total."""
    settings, rows = load_params().compare, []
    for patches, table in scores.items():
        for kind, dedicated in (("per network", patches), ("in total", patches // INSTRUMENTS)):
            if dedicated not in scores:
                continue
            own = scores[dedicated][scores[dedicated]["architecture"] == DEDICATED]
            both = pd.concat([table[table["architecture"] != DEDICATED], own])
            found = differences(both, [DEDICATED, *VARIANTS], settings)
            found = found[(found["target"] == MEAN) & (found["first"] == DEDICATED)]
            rows.append(found.assign(budget=f"{patches:,} patches, the same {kind}"))
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


def report(out: Path) -> None:
    """Print the tables, and draw SDR against the budget."""
    scores, margin = read(out), load_params().compare.margin
    curves = pd.concat(
        summarise(over_seeds(table)).query("target == @MEAN").assign(patches=patches)
        for patches, table in scores.items()
    )
    wide = curves.pivot(index="architecture", columns="patches", values="SDR").loc[[DEDICATED, *VARIANTS]]
    print(wide.round(2).to_markdown(), end="\n\n")
    found = compare(scores)
    shown = pd.DataFrame(
        {
            "budget": found["budget"],
            "variant": found["second"],
            "difference to dedicated, dB": [
                f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" for row in found.itertuples()
            ],
            "p, Holm": found["p_holm"].map("{:.3f}".format),
            "p of equivalence, Holm": found["p_equivalent_holm"].map("{:.3f}".format),
            "verdict": [verdict(row, margin) for _, row in found.iterrows()],
        }
    )
    print(shown.to_markdown(index=False), end="\n\n")
    for path in sorted(out.glob("convergence-*.csv")):
        states = pd.read_csv(path).set_index("network")["state"]
        unfinished = states[states != CONVERGED]
        print(f"{path.stem}: {len(unfinished)} of {len(states)} networks not converged: {', '.join(unfinished.index)}")
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, row in wide.iterrows():
        axes.plot(wide.columns, row, marker="o", label=str(name))
    axes.set(xscale="log", xlabel="patches per network", ylabel="mean SDR, dB")
    axes.legend()
    figure.savefig(out / "study.png", dpi=150)


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
