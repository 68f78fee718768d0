"""What a report says, as plain texts and tables."""

from __future__ import annotations

import base64
import json
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from matplotlib.figure import Figure

from banditlab import registry
from banditlab.analysis import claims, figures
from banditlab.analysis.cells import metric_of
from banditlab.analysis.loading import load
from banditlab.analysis.panels import Chosen, choose, panels_over_rounds, save
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from banditlab.games.game import names_in
from banditlab.report import charts
from banditlab.runs import precision, provenance, reading
from banditlab.runs.cell_table import read_cells
from banditlab.runs.citing import bibliography
from banditlab.runs.store import read_failures, read_grid
from banditlab.tables import Listing, compared, summarised, tried

MOST_CELLS = 1000  #: of a page
MOST_PAIRS = 300  #: paired comparisons that are shown
MOST_RUNS = 20  #: runs whose provenance is shown
SHOWN = 40  #: failed replications that are named of a cell


def gather(folder: str | Path, metric: str | None = None) -> dict[str, Any]:
    """Return all that the page of a results folder shows, under the names that `page.html` uses.

    Parameters
    ----------
    folder : path
    metric : str, optional
        That figures and tables show: one, several with commas between, or "all"; by default those of the grid.

    Raises
    ------
    UserError
        It is no results folder, is damaged, or has no finished replication; an unknown metric.
    """
    result, grid = load(folder), read_grid(folder)
    if not result.cells:
        raise UserError(f"{folder}: no finished replication to report")
    if len(result.cells) > MOST_CELLS:
        many = f"{len(result.cells):,} cells are too many for a page"
        raise UserError(f"{many}: banditlab summary {folder} --csv")
    chosen = choose(result, metric)
    shown = metric or _asked(result)
    summary, notes = summarised(result, shown, growth=True)
    return {
        "name": result.name,
        "quick": result.quick,
        "question": grid.get("question") or _subject(result, chosen),
        "facts": list(_facts(result, grid)),
        "verdicts": _verdicts(result, grid),
        "figures": charts.figures(chosen),
        "picture": _picture(result, metric) if len(panels_over_rounds(chosen)) <= charts.MOST_PANELS else "",
        "planned": list(_planned(result)),
        "summary": summary,
        "notes": notes,
        "tuning": list(tried(result)),
        "comparisons": _comparisons(result, shown),
        "failures": list(_failures(result)),
        "unfinished": result.unfinished(),
        "settings": list(_settings(grid)),
        "sides": [("Environments", [*_environments(grid)]), ("Policies", [*_policies(grid)])],
        "runs": list(_runs(folder)),
        "references": _references(folder),
    }


def _subject(result: Result, chosen: Chosen) -> str:
    """Return what a grid without a question is about: "Regret of ucb1, moss and 3 more in bernoulli"."""
    metrics = _some(list(dict.fromkeys(metric_of(cell.game, name).label for cell, name in chosen)))
    policies, environments = (_some(result.labels(role)) for role in ("policy", "environment"))
    return f"{metrics} of {policies} in {environments}"


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])} and {len(names) - 3} more" if len(names) > 4 else ", ".join(names)


def _asked(result: Result) -> str | None:
    """Return the metrics that the grid asks for, if every cell keeps one of them; else None, for each game's first."""
    names = [name for name in names_in(result.metric) if name in result.metrics()]
    return ",".join(names) if names and all(set(names) & set(cell.metrics) for cell in result.cells) else None


def _facts(result: Result, grid: Mapping[str, Any]) -> Iterator[str]:
    for role, many in (("policy", "policies"), ("environment", "environments")):
        count = len({getattr(cell, role) for cell in [*result.cells, *result.missing]})
        yield f"{count} {role if count == 1 else many}"
    horizons = sorted({cell.horizon for cell in [*result.cells, *result.missing]})
    yield f"T = {horizons[0]:,}" + (f" to {horizons[-1]:,}" if len(horizons) > 1 else "")
    yield f"{precision.in_words(result.wanted)} replications"
    yield f"seed {grid.get('seed')}"


# --- claims -----------------------------------------------------------------------------------------------------------


def _verdicts(result: Result, grid: Mapping[str, Any]) -> dict[str, Any] | None:
    """Judge the claims on the folder's check, on seeds of its own, or where there is none on the folder itself."""
    place = Path(result.folder or "") / "check"
    fresh = (place / "grid.json").exists()
    played = load(place) if fresh else result
    found = claims.read(played.claims, [*played.cells, *played.missing], str(played.folder))
    if not found:
        return None
    judged = claims.judge(found, played)
    return {
        "fresh": fresh,
        "outdated": fresh and _decisive(read_grid(place)) != _decisive(grid),
        "n": sorted({len(cell.replications) for cell in [*played.cells, *played.missing]}),
        "counts": Counter(one.verdict for one in judged),
        "judged": [(one, _written(table)) for one, table in zip(judged, played.claims, strict=True)],
    }


def _decisive(grid: Mapping[str, Any]) -> list[Any]:
    """Return what a check has in common with the run of the same grid; both tune on seeds of their own."""
    asked = [{**about, "parameters": _untuned(about)} for about in grid["policies"]]
    cells = [[world, asked[player], horizon] for world, player, horizon in grid["cells"]]
    return [*(grid.get(key) for key in ("metric", "claims", "tune", "environments")), cells]


def _untuned(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a policy, but for those that tuning chose."""
    chosen = about.get("tuned", {}).get("names", ())
    return {name: value for name, value in about["parameters"].items() if name not in chosen}


def _written(claim: Mapping[str, Any]) -> str:
    """Return the keys of a claim that say what is compared, as in TOML."""
    return ", ".join(f"{key} = {_value(value)}" for key, value in claim.items() if key not in ("text", "source"))


# --- figures and tables -----------------------------------------------------------------------------------------------


def _picture(result: Result, metric: str | None) -> str:
    """Return the figure of `banditlab plot` as SVG, for readers without scripts; empty where it cannot be drawn."""
    try:
        return _svg(result.plot(metric))
    except UserError:  # a label that is no valid formula
        return ""


def _planned(result: Result) -> Iterator[dict[str, str]]:
    """Yield the figures of the tables `[[figure]]`, each as SVG for an image; why not, where one cannot be drawn."""
    for table in result.figures:
        file = str(table.get("file", ""))
        try:
            [one] = figures.read([table], [*result.cells, *result.missing], result.metric, "figure")
            svg = base64.b64encode(_svg(figures.draw(result, one)).encode()).decode()
            yield {"file": file, "title": one.title or file, "svg": svg, "trouble": ""}
        except UserError as error:
            yield {"file": file, "title": file, "svg": "", "trouble": error.lines[0]}


def _svg(figure: Figure) -> str:
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of signs that Matplotlib's font lacks: the browser has its own
        save(figure, Path(place) / "figure.svg")
        text = (Path(place) / "figure.svg").read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def _comparisons(result: Result, metric: str | None) -> dict[str, Any]:
    """Return the paired comparisons of all policies, unless there are very many or none."""
    met: dict[tuple[str, int, str], int] = defaultdict(int)
    for cell, name in result.where(metric):
        met[cell.environment, cell.horizon, name] += 1
    count = sum(number * (number - 1) // 2 for number in met.values())
    listings: list[Listing] = list(compared(result.compare(metric=metric))) if 0 < count <= MOST_PAIRS else []
    return {"count": count, "listings": listings}


def _failures(result: Result) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell and reason for which replications failed when they were last played."""
    rows = {row["key"]: row for row in read_cells(result.folder).to_pylist()}
    done = {
        (cell.environment, cell.policy, cell.horizon): set(cell.replications.tolist())
        for cell in [*result.cells, *result.missing]
    }
    lost: dict[tuple[str, str], list[int]] = defaultdict(list)
    for failure in read_failures(result.folder):
        row = rows.get(failure["key"])
        known = row and done[row["environment"], row["policy"], row["horizon"]]
        if row and failure["replication"] not in known:
            lost[failure["key"], failure["message"]].append(failure["replication"])
    for (key, message), numbers in lost.items():
        row, more = rows[key], f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
        title = f"{row['policy']} in {row['environment']}"
        yield {
            "cell": title,
            "horizon": row["horizon"],
            "replications": ", ".join(map(str, numbers[:SHOWN])) + more,
            "message": message,
            "again": f'--only "{title}:{numbers[0]}"',
        }


# --- the grid ---------------------------------------------------------------------------------------------------------


def _settings(grid: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    hidden = ("name", "question", "papers", "claims", "figures", "environments", "policies", "cells")
    return ((key, _value(value)) for key, value in grid.items() if key not in hidden)


def _environments(grid: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for about in grid["environments"]:
        others = [("wrapper", one, "through") for one in about.get("wrappers", [])]
        others += [("environment", one, "takes turns with") for one in about.get("switch", {}).get("then", [])]
        turns = {key: value for key, value in about.get("switch", {}).items() if key != "then" and value}
        mode = {"instance": about["instance"]} | {f"switch.{key}": value for key, value in turns.items()}
        yield {
            "label": about["label"],
            **_part("environment", about, about["game"], mode),
            "more": [(relation, _part(kind, one, about["game"])) for kind, one, relation in others],
            "by_place": [],
        }


def _policies(grid: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each policy once, with the parameters that tuning and conditions gave it in each place."""
    for (game, label), places in _places(grid).items():
        about = next(iter(places.values()))
        tuned = about.get("tuned", {}).get("names", [])
        own = about["parameters"]
        varied = {key for one in places.values() for key in own if key in tuned or one["parameters"][key] != own[key]}
        common = {key: value for key, value in own.items() if key not in varied}
        yield {
            "label": label,
            **_part("policy", {**about, "parameters": common}, game, {"tuned": tuned} if tuned else {}),
            "more": [],
            "by_place": [
                (place, [(key, _value(value)) for key, value in one["parameters"].items() if key in varied])
                for place, one in (places.items() if varied else ())
            ],
        }


def _places(grid: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Mapping[str, Any]]]:
    """Return what each policy, by game and label, is in each environment, and for each horizon if it was tuned."""
    several = len({horizon for _, _, horizon in grid["cells"]}) > 1
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for world, player, horizon in grid["cells"]:
        about, place = grid["policies"][player], grid["environments"][world]["label"]
        place += f", T = {horizon:,}" if several and "tuned" in about else ""
        found[about["game"], about["label"]][place] = about
    return found


def _part(role: str, about: Mapping[str, Any], game: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        kind = registry.find(role, about["kind"], None if role == "wrapper" else game)
        title, summary = kind.title, kind.summary
    except UserError:  # a user's, whose file is not loaded
        title, summary = about["kind"], ""
    given = {**(more or {}), **about["parameters"]}
    return {"kind": title, "summary": summary, "parameters": [(key, _value(value)) for key, value in given.items()]}


def _value(value: Any) -> str:
    """Write a value as TOML does, as far as a reader minds."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


# --- where it comes from ----------------------------------------------------------------------------------------------


def _runs(folder: str | Path) -> Iterator[dict[str, str]]:
    """Yield what the last runs noted, but for names of machines, users and folders: a page may go to reviewers."""
    for about in provenance.read(folder)[-MOST_RUNS:]:
        versions = _table(about, "versions")
        others = [f"{name} {version}" for name, version in versions.items() if version and name != provenance.US]
        plugins = [
            f"{PurePath(file).name} sha256:{str(digest)[:12]}" for file, digest in _table(about, "plugins").items()
        ]
        yield {
            "Time (UTC)": str(about.get("time", "")).removesuffix("+00:00").replace("T", " "),
            "BanditLab": str(versions.get(provenance.US) or "from source"),
            "Commit": provenance.commit(_table(about, "git").get("banditlab")),
            "Commit of the grid": provenance.commit(_table(about, "git").get("here")),
            "CPU": f"{about.get('cpu', '')}, {about.get('cores', '?')} cores",
            "Versions": ", ".join([f"Python {about.get('python', '?')}", *others]),
            "Plug-ins": ", ".join(plugins) or "none",
        }


def _table(about: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = about.get(key)
    return found if isinstance(found, Mapping) else {}


def _references(folder: str | Path) -> str:
    """Return BibTeX; why there is none, where a kind is not loaded."""
    try:
        return bibliography(reading.stored(folder), provenance.played_with(folder))
    except UserError as error:
        return f"% not known: {error}"
