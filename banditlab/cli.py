"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

EPILOG = """exit codes: 0 done, 1 some replications or claims failed, 2 a mistake in the
input, 3 a claim is undecided, 130 stopped by Ctrl-C"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if found := re.fullmatch(r"argument (.+): invalid choice: '(.*)' \(choose from (.*)\)", message):
            place, given, choices = found[1], found[2], re.findall(r"[\w-]+", found[3])
            near = difflib.get_close_matches(given, choices, 1)
            what = "no command" if place == "COMMAND" else f"none of {', '.join(choices)}"
            message = f"{given!r} is {what}" + (f"; did you mean {near[0]!r}?" if near else "")
        self.exit(2, f"{self.prog}: {message}\ntry: {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    from banditlab import commands
    from banditlab.errors import UserError
    from banditlab.fuse import CacheError

    try:
        return commands.run_command(options)
    except UserError as error:
        print(error, file=sys.stderr)
    except CacheError as error:
        print(f"banditlab: {error}", file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="banditlab",
        description="Simulate bandit and online-learning policies: from a TOML grid to regret curves.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_merge(commands)
    _add_log(commands)
    _add_reading(commands)
    _add_diff(commands)
    _add_cite(commands)
    _add_verify(commands)
    _add_catalogue(commands)
    _add_first_steps(commands)
    return parser


def _add(commands: argparse._SubParsersAction, name: str, summary: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of your own policies, environments or algorithms",
    )
    return command


def _add_grid_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", metavar="DIR", help="results folder (default: results/NAME)")
    command.add_argument("--jobs", type=int, default=-1, metavar="N", help="workers (default: all cores)")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="such as policy.colstim.c1=2")
    command.add_argument("--backend", choices=("threading", "loky", "dask"), help="default: threads where they serve")
    command.add_argument("--scheduler", metavar="ADDRESS", help="of dask (default: --jobs workers on this machine)")
    command.add_argument("--shard", metavar="I/N", help="play one of N parts, in a folder of its own; then merge")
    command.add_argument("--portable", action="store_true", help="the same bits on every x86-64 CPU, somewhat slower")
    command.add_argument("--plain", action="store_true", help="plain Python throughout, for a debugger; slow")
    command.add_argument("--fresh", action="store_true", help="forget what the results folder holds, and start over")
    command.add_argument("--quick", action="store_true", help="a tenth of the horizon, 5 replications, own folder")


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = _add(commands, "run", "play what is missing of a grid, print a table, draw the figure")
    run.add_argument("grid", metavar="GRID.toml|DIR")
    _add_grid_options(run)
    run.add_argument("--only", metavar="TITLE:R", help="one replication, as a failure names it; keeps nothing")
    run.add_argument("--dry-run", action="store_true", help="only say what would be run, how long and how large")
    status = _add(commands, "status", "say what of a grid is done, missing, failed or stale in its folder")
    status.add_argument("folder", metavar="DIR")
    trace = _add(commands, "trace", "show rounds of a replication: what was seen, scored, played and learnt")
    trace.add_argument("grid", metavar="GRID.toml|DIR")
    trace.add_argument("--policy", metavar="P", help="its label; needed where there are several")
    trace.add_argument("--environment", metavar="E", help="its label; needed where there are several")
    trace.add_argument("--horizon", type=int, metavar="T", help="needed where the grid sweeps it")
    trace.add_argument("--replication", type=int, default=0, metavar="R", help="default: 0")
    trace.add_argument("--rounds", default="0:20", metavar="A:B", help="A .. B-1, counted from 0 (default: 0:20)")
    trace.add_argument("--metric", metavar="M", help="default: the grid's, or the game's first")
    trace.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="such as policy.colstim.c1=2")
    trace.add_argument("--portable", action="store_true", help="as of the run")
    check = _add(commands, "check", "decide the claims of a grid on fresh seeds, or on the results in a folder")
    check.add_argument("grid", metavar="GRID.toml|DIR")
    _add_grid_options(check)
    reproduce = _add(commands, "reproduce", "check all grids of a folder, and write what became of their claims")
    reproduce.add_argument("folder", metavar="FOLDER", help="of grids in TOML, and of folders of them")
    reproduce.add_argument("-o", "--output", default="REPRODUCTIONS.md", metavar="FILE.md", help="default: %(default)s")
    reproduce.add_argument("--results", default="results", metavar="DIR", help="where checks are kept: DIR/NAME/check")
    reproduce.add_argument("--kept", action="store_true", help="play nothing: write what is kept, and what is missing")
    reproduce.add_argument("--jobs", type=int, default=-1, metavar="N", help="workers (default: all cores)")


def _add_merge(commands: argparse._SubParsersAction) -> None:
    merge = _add(commands, "merge", "join the folders of the shards of a grid")
    merge.add_argument("folders", nargs="+", metavar="DIR")
    merge.add_argument("-o", "--out", required=True, metavar="DIR", help="a new folder, or one of this grid")


def _add_log(commands: argparse._SubParsersAction) -> None:
    log = _add(commands, "log", "write the rounds of a policy as logged data, with its probabilities")
    log.add_argument("grid", metavar="GRID.toml|DIR")
    log.add_argument("-o", "--output", required=True, metavar="FILE", help="ends in .parquet or .csv")
    log.add_argument("--policy", metavar="P", help="its label (default: the only one)")
    log.add_argument("--environment", metavar="E", help="its label (default: the only one)")
    log.add_argument("--replication", type=int, default=0, metavar="R", help="from 0 (default: 0)")
    log.add_argument("--horizon", type=int, metavar="T", help="default: the only one")
    log.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="such as policy.exp3.rate=0.5")
    log.add_argument("--portable", action="store_true", help="the same bits on every x86-64 CPU")
    log.set_defaults(quick=False)


def _add_reading(commands: argparse._SubParsersAction) -> None:
    summary = _add(commands, "summary", "print final regrets with intervals, and growth exponents")
    summary.add_argument("folder", metavar="DIR")
    summary.add_argument("--metric", metavar="M", help="a metric, or all (default: the grid's, or each game's first)")
    form = summary.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a list of records, with all metrics")
    form.add_argument("--latex", action="store_true", help="a table for a paper (booktabs)")
    form.add_argument("--csv", action="store_true", help="records, with all metrics")
    form.add_argument("--tuning", action="store_true", help="what tuned policies were tried as")
    form.add_argument("--macros", metavar="FILE", help="write the numbers as LaTeX macros, such as \\regretColstim")
    _add_plot(commands)
    baseline = _add(commands, "baseline", "keep finished results in one small file, to be drawn beside others")
    baseline.add_argument("folder", metavar="DIR")
    baseline.add_argument("-o", "--output", required=True, metavar="FILE.parquet")
    compare = _add(commands, "compare", "compare policies on paired replications")
    compare.add_argument("folder", metavar="DIR")
    compare.add_argument("a", nargs="?", metavar="A", help="label of a policy (default: every pair)")
    compare.add_argument("b", nargs="?", metavar="B", help="label of another")
    compare.add_argument("--metric", metavar="M", help="default: the grid's, or each game's first")
    compare.add_argument("--ranks", action="store_true", help="all policies over all environments: scores and ranks")
    report = _add(commands, "report", "write one HTML page: question, claims, figures, tables, provenance")
    report.add_argument("folder", metavar="DIR")
    report.add_argument("-o", "--output", metavar="FILE.html", help="default: report.html in DIR")
    report.add_argument("--metric", metavar="M[,M]", help="or all (default: the grid's, or each game's first)")


def _add_diff(commands: argparse._SubParsersAction) -> None:
    diff = _add(commands, "diff", "say which cells differ between two results folders, and why")
    diff.add_argument("first", metavar="DIR")
    diff.add_argument("second", metavar="DIR")


def _add_plot(commands: argparse._SubParsersAction) -> None:
    plot = _add(commands, "plot", "draw the figures of a grid, or one: curves, distributions, sweeps, profiles")
    plot.add_argument("folder", metavar="DIR")
    plot.add_argument("-o", "--output", metavar="FILE", help="ends in .pdf, .svg, .png or .pgf (default: in DIR)")
    plot.add_argument("--metric", metavar="M[,M]", help="default: the grid's, or each game's first")
    plot.add_argument("--view", metavar="V", help="curves (default), survival, wrong-order, heatmap or profile")
    plot.add_argument("--versus", metavar="t|P[,P]", help="rounds (default) or a swept parameter; two of a heat map")
    plot.add_argument("--preset", metavar="VENUE", help="exactly a column of icml, icml-wide, neurips, jmlr, ieee ...")
    plot.add_argument("--beside", metavar="NAME|DIR", help="a baseline or another folder, in the same environments")
    plot.add_argument("--title", metavar="TEXT", help="above the panels")
    plot.add_argument("--confidence", type=float, metavar="C", help="of bands and intervals (default: 0.95)")
    curves = plot.add_argument_group("of --view curves")
    curves.add_argument("--scale", metavar="S", help="linear, log-x or log-log (default: what suits the metric)")
    curves.add_argument(
        "--band", metavar="B", help="student (default), bootstrap, simultaneous, quantile or replications"
    )
    curves.add_argument("--labels", metavar="L", help="legend (default), direct at the ends of curves, or none")
    curves.add_argument("--rows", metavar="P", help="rows of panels: a swept parameter, environment or metric")
    curves.add_argument("--columns", metavar="P", help="columns of panels, likewise")
    curves.add_argument("--share", metavar="A", help="axes of panels: none, x, y or both (of rows and columns: both)")
    curves.add_argument("--slopes", metavar="F[,F]", help="reference slopes, such as 'log T, sqrt T, T^2/3'")


def _add_cite(commands: argparse._SubParsersAction) -> None:
    cite = _add(commands, "cite", "print BibTeX for BanditLab and the policies and environments of a grid")
    cite.add_argument("grid", metavar="GRID.toml|DIR")
    cite.add_argument("-o", "--output", metavar="FILE.bib", help="write it there")


def _add_verify(commands: argparse._SubParsersAction) -> None:
    verify = _add(commands, "verify", "measure whether a policy is what it says, against its paper and uniform play")
    verify.add_argument("policy", nargs="*", metavar="POLICY", help="kinds, or game/kind")
    verify.add_argument("--all", action="store_true", help="every policy there is")
    verify.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the policy")
    verify.add_argument("--fast", action="store_true", help="a tenth of the rounds, one case of the transcription")
    verify.add_argument("--transcriptions", default="tests/reference", metavar="DIR", help="default: tests/reference")
    verify.add_argument("--report", metavar="FILE.md", help="write a table of all findings")
    verify.add_argument("--jobs", type=int, default=-1, metavar="N", help="workers (default: all cores)")


def _add_catalogue(commands: argparse._SubParsersAction) -> None:
    catalogue = _add(commands, "list", "list what there is")
    catalogue.add_argument(
        "what",
        nargs="?",
        choices=("games", "environments", "policies", "wrappers", "offline", "baselines"),
        help="default: everything but baselines",
    )
    show = _add(commands, "show", "describe an environment, policy or wrapper: paper, parameters, defaults")
    show.add_argument("name", metavar="NAME", help="a kind, or game/kind")


def _add_first_steps(commands: argparse._SubParsersAction) -> None:
    new = _add(commands, "new", "write a first policy, environment or grid that runs, to be changed")
    new.add_argument("what", choices=("policy", "environment", "grid"))
    new.add_argument("name", metavar="NAME", help="lower case, hyphens")
    new.add_argument("--game", default="bandit", metavar="G", help="default: bandit")
    new.add_argument("--out", metavar="FILE", help="default: a file of that name here")
    _add(commands, "doctor", "try all that a run needs on this machine")
