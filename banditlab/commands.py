"""What each command of the command line does."""

from __future__ import annotations

import argparse
import json
import math
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from banditlab import registry
from banditlab.errors import UserError, nearest
from banditlab.games import games
from banditlab.games.game import shown
from banditlab.runs import provenance, reading, runner, trace, tuning
from banditlab.runs.grid import Cell, Grid
from banditlab.runs.pair import Failure, play_one
from banditlab.runs.precision import Outlook, in_words, least, outlook

if TYPE_CHECKING:
    from banditlab.analysis.claims import Claim, Judged
    from banditlab.analysis.panels import Drawing
    from banditlab.analysis.results import Result

# pandas and matplotlib are imported by the commands that need them, so that a run does not wait for them


MANY = 1000  #: cells, of which a run prints no table


def run_command(options: argparse.Namespace) -> int:
    """Run the command that the options name; return its exit code."""
    for file in options.plugin:
        registry.load_plugin(file)
    return COMMANDS[options.command](options)


def _run(options: argparse.Namespace) -> int:
    grid = _read(options)
    _claims(grid)  # a mistake in a claim or a figure should not show after a night of simulation
    _check_figures(grid)
    if options.dry_run:
        return _dry_run(grid, options)
    if options.only:
        return _only(grid, options.only)
    folder = _folder(grid, options)
    print(f"{grid.name}: {_size(grid)} -> {folder}")
    report = _play(grid, folder, options)
    if report.tuning:
        return _close(report, folder / tuning.FOLDER)
    if len(grid.cells) > MANY:
        print(f"{len(grid.cells):,} cells are too many for a table and a figure: banditlab summary {folder} --csv")
        return _close(report, folder)
    from banditlab.analysis.loading import load
    from banditlab.tables import print_summary

    result = load(folder)
    if result.cells:
        print_summary(result)
        if result.trials:
            _write(result.tuning().to_csv(index=False), folder / "tuning.csv")
            print(f"candidates: {folder / 'tuning.csv'}")
        if not report.interrupted:
            _save_figure(result.plot(), folder / "figure.png")
            _draw_planned(result, folder)
    return _close(report, folder)


def _read(options: argparse.Namespace) -> Grid:
    if not Path(options.grid).is_dir():
        grid = reading.read(options.grid, options.set)
    elif options.set:
        raise UserError(f"--set goes with a grid in TOML, and {options.grid} is a results folder")
    else:
        grid = reading.stored(options.grid)
        options.portable |= reading.is_portable(options.grid)
    return grid.quickened() if options.quick else grid


def _folder(grid: Grid, options: argparse.Namespace) -> Path:
    """Return where the results go: a folder that is run again keeps its own."""
    again = Path(options.grid).is_dir() and not options.quick
    folder = Path(options.out or (options.grid if again else Path("results") / grid.name))
    shard = _shard(options.shard)
    return folder / f"shard-{shard.number}-of-{shard.of}" if shard and not options.out else folder


def _shard(text: str | None) -> runner.Shard | None:
    if text is None:
        return None
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UserError(f"--shard {text}: should read I/N with I in 1 .. N, such as 2/8")
    return runner.Shard(int(number), int(of))


def _merge(options: argparse.Namespace) -> int:
    from banditlab.runs.merging import merge

    print(merge(options.folders, options.out))
    return 0


def _log(options: argparse.Namespace) -> int:
    from banditlab.runs.logs import write_log

    grid = _read(options)
    if options.replication < 0:
        raise UserError(f"--replication {options.replication}: a number from 0 on")
    cell = _one_cell(grid, options)
    rounds = write_log(cell, grid.settings, options.output, options.replication, portable=options.portable)
    print(f"{cell.title}, replication {options.replication}: {rounds:,} rounds -> {options.output}")
    return 0


def _play(grid: Grid, folder: Path, options: argparse.Namespace) -> runner.Report:
    from banditlab.progress import bar, fits

    return runner.run(
        grid,
        folder,
        jobs=options.jobs,
        backend=options.backend,
        scheduler=options.scheduler,
        shard=_shard(options.shard),
        portable=options.portable,
        compiled=not options.plain,
        fresh=options.fresh,
        progress=bar() if fits() else None,
    )


def _size(grid: Grid) -> str:
    horizons = sorted({cell.horizon for cell in grid.cells})
    rounds = f"{horizons[0]:,}" if len(horizons) == 1 else f"{horizons[0]:,} to {horizons[-1]:,}"
    return f"{len(grid.cells)} cells x {in_words(grid.settings.replications)} replications x {rounds} rounds"


def _save_figure(figure: Drawing, path: Path) -> None:
    from banditlab.analysis.panels import save

    save(figure, path)
    print(f"figure: {path}")
    for note in figure.notes:
        print(f"note: {note}")


def _draw_planned(result: Result, folder: Path) -> None:
    from banditlab.analysis.figures import draw_planned

    for figure, path in draw_planned(result, folder):
        _save_figure(figure, path)


def _close(report: runner.Report, folder: Path) -> int:
    """Print what a run has to say at its end; return its exit code."""
    for note in report.remarks():
        print(f"note: {note}")
    for line in report.failed():
        print(f"failed: {line}", file=sys.stderr)
    if report.interrupted:
        kept = f"{report.done + report.found} finished replications are kept in {folder}"
        print(f"stopped: {kept}; the same command goes on from there", file=sys.stderr)
        return 130
    return 1 if report.failures else 0


def _dry_run(grid: Grid, options: argparse.Namespace) -> int:
    from banditlab.analysis.statistics import detectable
    from banditlab.progress import count
    from banditlab.runs.pair import measure_rate
    from banditlab.tables import between, duration

    folder, asked = _folder(grid, options), grid
    if grid.to_tune:  # as far as that was done before
        grid = tuning.choose(grid, folder / tuning.FOLDER, options.portable)
    works = runner.survey(grid, portable=options.portable, compiled=not options.plain)
    workers, outlooks = runner.workers(options.jobs), _outlooks(grid, folder, works)
    print(f"{grid.name}: {_size(grid)}; {sum(one.kept for one in outlooks)} replications are kept from before")
    seconds, size, rates = np.zeros(2), np.zeros(2), []  # the least and the most
    wide = max(len(work.cell.title) for work in works)
    for work, ahead in zip(works, outlooks, strict=True):
        cell, ends = work.cell, np.array([ahead.least, ahead.most])
        rate = measure_rate(work.pair, cell, grid.settings)
        rates.append(rate)
        seconds += (ends - ahead.kept) * cell.horizon / rate
        size += ends * 8 * len(grid.settings.record.rounds(cell.horizon)) * len(cell.metrics)
        slow = "  (plain Python)" if work.pair.reason else ""
        print(f"  {cell.title:<{wide}}  T = {cell.horizon:,}  {count(rate):>6} rounds/s{slow}")
    if asked.to_tune:
        seconds += _tuning_ahead(asked, folder, options, rates)
    for note in runner.notes(grid):
        print(f"note: {note}")
    time = between(*(duration(one / workers) for one in seconds))
    print(f"predicted time: {time} on {workers} cores; size: about {between(*(f'{count(one)}B' for one in size))}")
    n = least(grid.settings.replications)
    smallest = f"{detectable(n):.2f} standard deviations of the paired difference" if n > 1 else "none"
    print(f"smallest difference that {n} replications can detect (5 % error, 80 % power): {smallest}")
    return 0


def _tuning_ahead(grid: Grid, folder: Path, options: argparse.Namespace, rates: list[float]) -> float:
    """Print what tuning takes; return the seconds, at so many rounds a second in each cell of the grid."""
    trials = tuning.trials(grid)
    works = runner.survey(trials, portable=options.portable, compiled=not options.plain)
    outlooks = _outlooks(trials, folder / tuning.FOLDER, works)
    kept = sum(one.kept for one in outlooks)
    print(f"  tuning before that: {_size(trials)}; {kept} replications are kept from before")
    speeds = [rate for cell, rate in zip(grid.cells, rates, strict=True) for _ in cell.player.candidates]
    ahead = zip(trials.cells, outlooks, speeds, strict=True)
    return sum((one.least - one.kept) * cell.horizon / rate for cell, one, rate in ahead)


def _outlooks(grid: Grid, folder: Path, works: list[runner.Work]) -> list[Outlook]:
    """Return how far each cell is, by what the results folder holds."""
    from banditlab.runs.store import finals, read_curves

    metrics = {work.key: work.cell.metrics for work in works}
    kept = finals(read_curves(folder), metrics, grid.settings.metric) if (folder / "grid.json").exists() else {}
    kept = trace.traced(folder, kept, grid.settings.trace)
    return [outlook(grid.settings.replications, kept.get(work.key, {})) for work in works]


def _settled(cell: Cell, place: str) -> Cell:
    """Return a cell whose parameters are known.

    Raises
    ------
    UserError
        They are found by tuning.
    """
    if cell.player.candidates:
        raise UserError(f"{place}: {cell.policy} is tuned: run the grid, and name its results folder in place of it")
    return cell


def _only(grid: Grid, text: str) -> int:
    """Play one replication here and in plain Python, and print what it ends with."""
    title, _, number = text.rpartition(":")
    titles = dict.fromkeys(cell.title for cell in grid.cells)
    if not number.isdecimal() or not title:
        raise UserError(f'--only {text}: should read TITLE:R, such as "{next(iter(titles))}:0"')
    if title not in titles:
        raise UserError(f"--only {text}: no cell {title!r}{nearest(title, titles)}")
    for cell in grid.cells:
        if cell.title == title:
            done = play_one(_settled(cell, f"--only {text}"), grid.settings, int(number))
            if isinstance(done, Failure):
                raise UserError(f"{title}, replication {number}: {done.message}")
            last = dict(zip(cell.metrics, done.values[-1].tolist(), strict=True))
            print(f"{title}, replication {number}, after {cell.horizon:,} rounds:")
            print("\n".join(f"  {name} {value!r}" for name, value in last.items()))
    return 0


def _trace(options: argparse.Namespace) -> int:
    """Play one replication here, and print some of its rounds."""
    from banditlab.runs.watching import watch
    from banditlab.tables import print_watched

    options.quick = False
    grid = _read(options)
    cell = _one_cell(grid, options)
    metric = shown(options.metric or grid.settings.metric, cell.metrics)[0]
    if options.metric and metric != options.metric:
        raise UserError(f"--metric {options.metric}: no metric of {cell.title}{nearest(options.metric, cell.metrics)}")
    ends = [int(end) if end.isdecimal() else None for end in options.rounds.split(":")]
    rounds = trace.within(ends, cell.horizon, f"--rounds {options.rounds}", "0:20")
    if options.replication < 0:
        raise UserError(f"--replication {options.replication}: they are counted from 0")
    seen = watch(cell, grid.settings, options.replication, rounds, metric, portable=options.portable)
    print_watched(cell, options.replication, rounds, seen, metric)
    return 0


def _one_cell(grid: Grid, options: argparse.Namespace) -> Cell:
    cells = list(grid.cells)
    for role in ("policy", "environment", "horizon"):
        asked, there = getattr(options, role), list(dict.fromkeys(getattr(cell, role) for cell in cells))
        if asked is None and len(there) > 1:
            raise UserError(f"--{role}: say which: {', '.join(map(str, there))}")
        if asked is not None and asked not in there:
            raise UserError(f"--{role} {asked}: no {role} {asked!r}{nearest(str(asked), map(str, there))}")
        cells = [cell for cell in cells if asked in (None, getattr(cell, role))]
    return _settled(cells[0], options.grid)


def _status(options: argparse.Namespace) -> int:
    from banditlab.runs.status import status
    from banditlab.tables import print_status

    folder = Path(options.folder)
    if (folder / tuning.FOLDER / "grid.json").is_file():
        tried = status(folder / tuning.FOLDER)
        begun = (folder / "grid.json").is_file()
        if not begun or any(one.done < one.wanted for one in tried.cells):
            print_status(tried)
        if not begun:  # what is evaluated is not known before
            return 0
    print_status(status(folder))
    return 0


def _claims(grid: Grid) -> list[Claim]:
    if not grid.claims:
        return []
    from banditlab.analysis import claims

    return claims.read(grid.claims, grid.cells, grid.source)


def _check_figures(grid: Grid) -> None:
    labels = {label for cell in grid.cells for label in (cell.policy, cell.environment) if "$" in label}
    if labels:
        from banditlab.analysis import panels

        panels.check_formulas(sorted(labels))
    if grid.figures:
        from banditlab.analysis import figures

        figures.read(grid.figures, grid.cells, grid.settings.metric, grid.source)


def _check(options: argparse.Namespace) -> int:
    from banditlab.analysis import claims
    from banditlab.analysis.loading import load

    if Path(options.grid).is_dir():
        result = load(options.grid)
        print(f"{result.name}: claims on the stored replications, which may have suggested them")
    else:
        grid = _read(options)
        if all(claim.untestable for claim in _claims(grid)):
            raise UserError(f"{options.grid}: the grid makes no claims that can be tested: add [[claim]] tables")
        folder = Path(options.out or Path("results") / grid.name / "check")
        print(f"{grid.name}: claims on fresh seeds, {_size(grid)} -> {folder}")
        code = _close(_play(grid.on_fresh_seeds(), folder, options), folder)
        if code:
            return code
        result = load(folder)
    found = claims.read(result.claims, result.cells, options.grid)
    if not found:
        raise UserError(f"{options.grid}: the grid makes no claims: add [[claim]] tables")
    return _print_verdicts(claims.judge(found, result))


def _print_verdicts(judged: list[Judged]) -> int:
    for i, item in enumerate(judged, 1):
        source = f" ({item.claim.source})" if item.claim.source else ""
        print()
        print(textwrap.fill(f"{i}. {item.claim.text}{source}", 80, subsequent_indent="   "))
        for finding in item.findings:
            more = "" if finding.verdict != "undecided" else f"; {finding.advice}"
            text = f"{finding.verdict}: {finding.place}: {finding.figures}{more}"
            print(textwrap.fill(text, 80, initial_indent="   - ", subsequent_indent="     "))
        if item.claim.untestable:
            print(textwrap.fill(item.claim.untestable, 80, initial_indent="   - ", subsequent_indent="     "))
        expected = "" if item.claim.expect == "holds" else f" (expected: {item.claim.expect})"
        print(f"   {item.verdict.upper()}{expected}")
    print()
    print(_counted(judged))
    return _verdict_code(judged)


def _counted(judged: list[Judged]) -> str:
    counts = Counter(item.verdict for item in judged)
    always = ("holds", "fails", "undecided")
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in dict.fromkeys((*always, *counts)))


def _verdict_code(judged: list[Judged]) -> int:
    """Return 0 where all verdicts are as expected, 3 where claims are undecided that should not be, 1 otherwise."""
    surprising = {item.verdict for item in judged if not item.expected}
    return 1 if surprising - {"undecided"} else 3 if surprising else 0


def _reproduce(options: argparse.Namespace) -> int:
    """Check all grids of a folder as `check` does, and write what became of their claims."""
    from banditlab.analysis import reproductions

    found, done = reproductions.find(options.folder), []
    for place, grid, claims in found:
        folder, fresh = Path(options.results) / grid.name / "check", grid.on_fresh_seeds()
        trouble = ""
        tested = not all(claim.untestable for claim in claims)
        if tested and not options.kept and not reproductions.is_played(fresh, folder):
            print(f"{place}: {_size(grid)} -> {folder}", flush=True)
            try:
                if runner.run(fresh, folder, jobs=options.jobs).interrupted:
                    print(f"stopped: what is finished is kept in {options.results}", file=sys.stderr)
                    return 130
            except UserError as error:  # such as an optional package that is missing here
                trouble = " ".join(error.lines)
        done.append(reproductions.judge(place, grid, claims, folder, trouble))
        print(f"{place}: {_counted(list(done[-1].judged)) if not done[-1].trouble else done[-1].trouble}", flush=True)
    _write(reproductions.page(done), options.output)
    print(f"reproductions: {options.output}")
    for one in done:
        for item in one.surprises:
            print(f"{one.place}: {item.verdict}, expected {item.claim.expect}: {item.claim.text}", file=sys.stderr)
    codes = [_verdict_code(list(one.judged)) for one in done] + [3 for one in done if one.trouble]
    return 1 if 1 in codes else max(codes)


def _summary(options: argparse.Namespace) -> int:
    from banditlab.analysis.loading import load
    from banditlab.tables import print_summary, print_tuning

    result = load(options.folder)
    wanted = options.metric or ("all" if options.json or options.csv else None)
    if options.tuning:
        if not result.trials:
            raise UserError(f"{result.name}: no policy of it was tuned, or what it was tried as is not there")
        print_tuning(result)
        return 0
    if options.json:
        print(json.dumps([_plain(record) for record in result.records(wanted)], indent=1))
        return 0
    if not result.cells:
        raise UserError(f"{result.name}: no finished replication to summarise")
    if options.csv:
        result.summary(wanted).to_csv(sys.stdout, index=False)
    elif options.latex:
        from banditlab.latex import table_of

        print(table_of(result, wanted))
    elif options.macros:
        from banditlab.latex import macros

        _write(macros(result, wanted), options.macros)
        print(f"macros: {options.macros}")
    else:
        print_summary(result, options.metric, growth=True)
    return 0


def _write(text: str, path: str | Path) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the keys that scripts rely on, and null where there is no number."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in record.items()
        if key != "told"
    }


def _plot(options: argparse.Namespace) -> int:
    from banditlab.analysis import figures
    from banditlab.analysis.loading import load

    folder, chosen = Path(options.folder), {key: getattr(options, key) for key in figures.KEYS}
    asked = figures.Options(**{key: value for key, value in chosen.items() if value is not None})
    result = load(folder)
    if options.beside:
        result = result.beside(load(options.beside), asked.metric)
    if result.figures and asked == figures.Options() and not options.output:
        _draw_planned(result, folder)
        return 0
    path = Path(options.output or folder / figures.VIEWS[asked.view].file)
    figures.check_file(path)
    _save_figure(figures.draw(result, asked), path)
    return 0


def _baseline(options: argparse.Namespace) -> int:
    from banditlab.analysis import baselines
    from banditlab.analysis.loading import load

    n = baselines.write(load(options.folder), options.output)
    print(f"baseline: {options.output}, {n} replications, {Path(options.output).stat().st_size / 1000:.0f} kB")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from banditlab.analysis.loading import load
    from banditlab.tables import print_comparison, print_ranks

    if options.ranks and options.a:
        raise UserError("compare: --ranks is of all policies, and takes no labels")
    if options.a and not options.b:
        raise UserError("compare: give two labels, or none for every pair")
    result = load(options.folder)
    if not result.cells:
        raise UserError(f"{result.name}: no finished replication to compare")
    if options.ranks:
        print_ranks(result.ranks(options.metric))
        return 0
    print_comparison(result.compare(options.a, options.b, options.metric))
    return 0


def _report(options: argparse.Namespace) -> int:
    from banditlab.report.page import write

    path = options.output or Path(options.folder) / "report.html"
    write(options.folder, path, options.metric)
    print(f"report: {path}")
    return 0


def _cite(options: argparse.Namespace) -> int:
    from banditlab.runs.citing import bibliography

    if Path(options.grid).is_dir():
        grid, version = reading.stored(options.grid), provenance.played_with(options.grid)
    else:
        grid, version = reading.read(options.grid), provenance.version()
    text = bibliography(grid, version)
    if not options.output:
        print(text, end="")
        return 0
    _write(text, options.output)
    print(f"references: {options.output}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from banditlab.checks.measures import FAST, FULL
    from banditlab.checks.report import print_verifications, write_report
    from banditlab.checks.verification import verify_all

    if options.all == bool(options.policy):
        raise UserError("verify: name policies, or give --all")
    if options.set and len(options.policy) != 1:
        raise UserError("verify: --set is for one policy")
    if options.report and not Path(options.report).absolute().parent.is_dir():
        raise UserError(f"{options.report}: there is no folder {Path(options.report).parent}")
    kinds = [registry.find("policy", name) for name in options.policy] or registry.kinds("policy")
    parameters: dict[str, Any] = {}
    for text in options.set:
        reading.override(parameters, text)
    size = FAST if options.fast else FULL
    jobs = runner.workers(options.jobs)
    measured = verify_all(kinds, parameters, folder=options.transcriptions, size=size, jobs=jobs)
    done = print_verifications(measured, whole=not options.all)
    if options.report:
        write_report(done, options.report, size)
        print(f"report: {options.report}")
    return 0 if all(one.holds for one in done) else 1


def _list(options: argparse.Namespace) -> int:
    from banditlab.catalogue import show_list
    from banditlab.tables import console

    show_list(console(), options.what)
    for name, error in registry.broken.items():
        print(f"plug-in {name} could not be loaded: {error}", file=sys.stderr)
    return 0


def _show(options: argparse.Namespace) -> int:
    from banditlab import offline
    from banditlab.catalogue import describe, describe_algorithm, describe_game

    name = options.name.rpartition("/")[2]
    scope = options.name.rpartition("/")[0] or None
    everything = [kind for role in (*registry.ROLES, "wrapper") for kind in registry.kinds(role, scope)]
    found = [kind for kind in everything if kind.name == name]
    algorithms = offline.algorithms() if scope in (None, "offline") else {}
    pages = [*map(describe, found), *(describe_algorithm(one) for one in algorithms if one == name)]
    if name in games() and not scope:
        print(describe_game(name))
    elif not pages:
        known = {kind.name for kind in everything} | algorithms.keys()
        what = "environment, policy, wrapper, game or offline algorithm"
        raise UserError(f"no {what} {options.name!r}{nearest(name, known)}{registry.lost()}")
    print("\n\n".join(pages))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from banditlab.analysis.differences import differences
    from banditlab.tables import print_differences

    found = differences(options.first, options.second)
    print_differences(found)
    return 1 if any(one.verdict == "wrong" for one in found) else 0


def _new(options: argparse.Namespace) -> int:
    from banditlab import scaffold

    file, commands = scaffold.write(options.what, options.name, options.game, options.out)
    print(f"{file} is written. What comes next:")
    for command in commands:
        print(f"    {command}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from banditlab.doctor import examine
    from banditlab.tables import print_findings

    return 1 if print_findings(examine()) else 0


COMMANDS = {
    "run": _run,
    "merge": _merge,
    "log": _log,
    "status": _status,
    "trace": _trace,
    "check": _check,
    "reproduce": _reproduce,
    "summary": _summary,
    "plot": _plot,
    "baseline": _baseline,
    "compare": _compare,
    "report": _report,
    "cite": _cite,
    "verify": _verify,
    "list": _list,
    "show": _show,
    "diff": _diff,
    "new": _new,
    "doctor": _doctor,
}
