"""Pages and tables that are made from the registry, from docs/verified.md and from the experiments."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import banditlab
from banditlab import catalogue, cli, offline, references, registry
from banditlab.analysis import claims
from banditlab.checks.transcriptions import FOLDER as TWINS
from banditlab.games import games
from banditlab.problem import PLAIN
from banditlab.registry import Kind
from banditlab.runs import reading

ROOT = Path(__file__).parents[2]
FOLDERS = {"policy": "policies", "environment": "environments", "wrapper": "wrappers"}
SPECIAL = re.compile(r"([\\`*_\[\]<>|$#])")
ORPHAN = "---\norphan: true\n---\n\n"
WIDE = "---\nhide-toc: true\n---\n\n"  # the table has the room of the page's table of contents


class Trial(NamedTuple):
    """An experiment: its file in the repository, what it asks, its policies' kinds, its claims with theirs."""

    file: Path
    question: str
    kinds: frozenset[str]
    claims: list[tuple[claims.Claim, frozenset[str]]]

    @property
    def title(self) -> str:
        """Folder and name of the file."""
        return str(self.file.relative_to("experiments").with_suffix(""))


def page_of_file(file: Path) -> str:
    """Return the page that shows a file of the project."""
    return f"source/{file}.md"


def page_of(kind: Kind) -> str:
    """Return the page of a policy, environment or wrapper."""
    return f"catalogue/{FOLDERS[kind.role]}/{kind.title}.md"


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each page that is made, and its text."""
    for role, folder in FOLDERS.items():
        yield f"catalogue/{folder}.md", {"policy": policies, "environment": environments, "wrapper": wrappers}[role]()
        for kind in built_in(role):
            yield page_of(kind), a_kind(kind)
    yield "catalogue/offline.md", algorithms()
    yield "catalogue/metrics.md", metrics()
    yield "catalogue/experiments.md", experiments()
    yield "catalogue/references.md", bibliography()
    yield "notebooks/index.md", notebooks(root)
    yield "reference/python.md", python()
    yield "reference/command_line.md", command_line()


def built_in(role: str, game: str | None = None) -> list[Kind]:
    """Return the kinds of a role that the package has, without those of plug-ins."""
    return [kind for kind in registry.kinds(role, game) if kind.cls.__module__.startswith("banditlab.")]


# --- pieces -------------------------------------------------------------------------------------------------------


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; cells are Markdown."""
    lines = [list(heads), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def plain(text: str) -> str:
    """Return a text such that Markdown shows it as it is."""
    return SPECIAL.sub(r"\\\1", text)


def code(words: Iterable[str]) -> str:
    """Return words as they are written in a grid; a dash for none."""
    return ", ".join(f"`{word}`" for word in words) or "-"


def link(kind: Kind, folder: str) -> str:
    """Return a link to a kind's page from a page in this folder."""
    return f"[`{kind.name}`]({os.path.relpath(page_of(kind), folder)})"


def cited(kind: Kind, folder: str) -> str:
    """Return links to the references of a kind: who and when."""
    found = map(references.find, kind.cite)
    page = os.path.relpath("catalogue/references.md", folder)
    return "; ".join(f"[{plain(_short(one))}]({page}#{_anchor(one.key)})" for one in found) or "-"


def _short(reference: references.Reference) -> str:
    names = [name.partition(",")[0] for name in reference.fields.get("author", "").split(" and ") if name]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return " ".join(part for part in (who or reference.key, reference.fields.get("year", "")) if part)


def _anchor(key: str) -> str:
    return re.sub(r"[^\w-]", "", key.lower())


def _text(text: str, language: str = "text") -> str:
    return f"~~~{language}\n{text.rstrip()}\n~~~\n"


def _file(kind: Kind) -> Path:
    return Path(inspect.getsourcefile(kind.cls)).relative_to(ROOT)


# --- policies and environments ------------------------------------------------------------------------------------


@functools.cache
def verified() -> dict[str, dict[str, str]]:
    """Return what `banditlab verify --all --report docs/verified.md` wrote: cells by policy and column, as Markdown."""
    lines = (ROOT / "docs/verified.md").read_text(encoding="utf-8").partition("\n| policy |")[2].splitlines()
    heads = [head.strip() for head in lines[0].split("|")[:-1]]
    rows = (re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:] if line.startswith("|"))
    return {row[0].strip(" `"): dict(zip(heads, (cell.strip() for cell in row[1:]), strict=True)) for row in rows}


def _time(row: dict[str, str]) -> str:
    rate = row.get("rounds/s", "-").replace(",", "")
    if rate == "-":
        return "-"
    micros = 1e6 / float(rate)
    return f"{micros:,.0f} µs a round" if micros >= 10 else f"{micros:.2g} µs a round"


def _proved(kind: Kind) -> str:
    return "; ".join(f"`{metric}` of order {order}" for metric, order in kind.growth.items()) or "no order stated"


def _measured(row: dict[str, str]) -> str:
    growth = row.get("growth", "")
    return f"measured {growth.partition(' for ')[0]}" if re.match(r"-?\d", growth) else ""


@functools.cache
def trials() -> list[Trial]:
    """Return every grid of the experiments."""
    found = []
    for path in sorted((ROOT / "experiments").glob("**/*.toml")):
        grid = reading.read(path)
        kinds = {cell.policy: cell.player.kind.title for cell in grid.cells}
        made = claims.read(grid.claims, grid.cells, path.name)
        named = [(claim, frozenset(kinds[label] for label in claim.policies)) for claim in made]
        question = grid.settings.question or ""  # none is without one: tests/test_docs.py
        found.append(Trial(path.relative_to(ROOT), question, frozenset(kinds.values()), named))
    return found


def _tried(kind: Kind) -> list[tuple[Trial, list[claims.Claim]]]:
    """Return the experiments with claims that name a policy, those with most of them first, and these claims."""
    found = [(trial, [claim for claim, kinds in trial.claims if kind.title in kinds]) for trial in trials()]
    return sorted(((trial, made) for trial, made in found if made), key=lambda item: (-len(item[1]), item[0].title))


def _experiments(kind: Kind, folder: str, most: int = 3) -> str:
    found = _tried(kind)
    links = [f"[{trial.title}]({os.path.relpath(trial.file, folder)}) ({len(made)})" for trial, made in found[:most]]
    more = [f"{len(found) - most} more"] if len(found) > most else []
    return ", ".join([*links, *more]) or "-"


def _policy_rows(game: str, folder: str) -> Iterator[list[str]]:
    for kind in built_in("policy", game):
        row = verified().get(kind.title, {})
        yield [
            link(kind, folder),
            _lines(plain(kind.summary.partition(" (")[0].rstrip(".")), cited(kind, folder)),
            _lines(*_assumed(kind)),
            _lines(_proved(kind), _measured(row)),
            _lines(row.get("verdict", ""), _time(row)),
            _experiments(kind, folder),
        ]


def _assumed(kind: Kind) -> list[str]:
    words = ("needs", kind.needs), ("told", kind.told - PLAIN)
    return [f"{head} {code(sorted(found))}" for head, found in words if found]


def _lines(*said: str) -> str:
    """Return what is said, a line each, in a cell of a table; a dash for nothing."""
    return "<br>".join(line for line in said if line not in ("", "-")) or "-"


HEADS = ["policy", "what it does, paper", "assumes", "growth", "measured", "claims tried in"]


def policies() -> str:
    """Return the catalogue of policies."""
    parts = [
        f"{WIDE}# Policies\n",
        """Made from the registry. Each name leads to a page with docstring, parameters, BibTeX and source.

- *assumes*: what an environment must give (`needs`), and facts of the problem that it may read (`told`).
- *growth*: the order in T of a regret that its paper proves, where the policy states one (constants and conditions are
  on its page); and the exponent that was measured, with its interval.
- *measured*: the verdict of `banditlab verify`, and what a round takes, the environment included, on the machine that
  made the report. These, and the exponents, are from [what was measured of every policy](../docs/verified.md), with
  default parameters.
- *claims tried in*: experiments with claims that name the policy, and how many; see [experiments](experiments.md).
""",
        _jumps(),
    ]
    for game in games().values():
        parts += [f"## {game.name}\n", table(HEADS, _policy_rows(game.name, "catalogue"))]
    return "\n".join(parts)


def _environment_rows(game: str, folder: str) -> Iterator[list[str]]:
    for kind in built_in("environment", game):
        summary = plain(kind.summary)
        yield [link(kind, folder), summary, code(sorted(kind.gives)), code(kind.metrics), cited(kind, folder)]


ENVIRONMENT_HEADS = ["environment", "what it is", "gives", "metrics at most", "from"]


def _jumps() -> str:
    return " | ".join(f"[{name}](#{name})" for name in games()) + "\n"


def environments() -> str:
    """Return the catalogue of environments."""
    parts = [f"{WIDE}# Environments\n", "Made from the registry. *gives* is what policies can need of it.\n", _jumps()]
    for game in games().values():
        parts += [f"## {game.name}\n", table(ENVIRONMENT_HEADS, _environment_rows(game.name, "catalogue"))]
    return "\n".join(parts)


def of_game(what: str, game: str) -> str:
    """Return the table of policies, environments or metrics for the page of a game."""
    if what == "policies":
        return table(HEADS, _policy_rows(game, "docs/games"))
    if what == "environments":
        return table(ENVIRONMENT_HEADS, _environment_rows(game, "docs/games"))
    return table(METRIC_HEADS, _metric_rows(game, "docs/games"))


def wrappers() -> str:
    """Return the catalogue of wrappers."""
    rows = [
        [link(kind, "catalogue"), plain(kind.summary), code(sorted(kind.takes)), cited(kind, "catalogue")]
        for kind in built_in("wrapper")
    ]
    text = "What stands between an environment and what policies learn: [how to use them](../docs/wrappers.md).\n"
    return f"# Wrappers\n\n{text}\n{table(['wrapper', 'what it does', 'takes away', 'from'], rows)}"


def a_kind(kind: Kind) -> str:
    """Return the page of a policy, environment or wrapper."""
    page = Path(page_of(kind))
    folder = str(page.parent)
    source = os.path.relpath(_file(kind), folder)
    about = [("game", f"`{kind.game}`")] if kind.role != "wrapper" else []
    about += [("from", cited(kind, folder)), ("source", f"[{_file(kind)}]({source})")]
    if kind.role == "policy":
        about += _about_policy(kind, folder)
    text = [f"{ORPHAN}# `{kind.name}`\n", plain(kind.summary) + "\n", table(["", ""], about)]
    text += [f"## {kind.role.capitalize()}\n", f"As `banditlab show {kind.title}` prints it:\n"]
    text += [_text(catalogue.describe(kind))]
    text += _claims(kind, folder) if kind.role == "policy" else []
    if kind.cite:
        text += ["## BibTeX\n", *(_text(references.find(key).text, "bibtex") for key in kind.cite)]
    return "\n".join(text)


def _about_policy(kind: Kind, folder: str) -> list[tuple[str, str]]:
    row = verified().get(kind.title, {})
    file = _file(kind)
    twin = Path(TWINS, kind.game.replace("-", "_"), file.name)
    facts = [
        ("needs", code(sorted(kind.needs))),
        ("may be told", code(sorted(kind.told - PLAIN))),
        ("proved", _proved(kind)),
        ("cost", _time(row)),
        ("`verify`", row.get("verdict", "-")),
        *((head, row[head]) for head in row if head not in ("verdict", "rounds/s")),
    ]
    if (ROOT / twin).exists():
        facts.append(("plain transcription of the paper", f"[{twin}]({os.path.relpath(twin, folder)})"))
    return facts


def _claims(kind: Kind, folder: str) -> list[str]:
    parts = []
    for trial, made in _tried(kind):
        parts.append(f"From [{trial.title}]({os.path.relpath(trial.file, folder)}):\n")
        parts += [f"- {plain(claim.text)}" for claim in made] + [""]
    return ["## Claims that are tried\n", *parts] if parts else []


def algorithms() -> str:
    """Return the catalogue of offline algorithms."""
    parts = ["# Offline algorithms\n", "For sets: what `c-etc` asks, and what `offline-regret` compares with.\n"]
    for name in offline.algorithms():
        parts += [f"## `{name}`\n", _text(catalogue.describe_algorithm(name))]
    return "\n".join(parts)


# --- metrics, experiments, references -----------------------------------------------------------------------------


METRIC_HEADS = ["metric", "axis", "over the rounds", "can be negative", "better", "kept by"]


def _metric_rows(game: str, folder: str) -> Iterator[list[str]]:
    kinds = built_in("environment", game)
    for metric in games()[game].metrics:
        keepers = [kind for kind in kinds if metric.name in kind.metrics]
        kept = "all" if len(keepers) == len(kinds) else ", ".join(link(kind, folder) for kind in keepers)
        over = "summed" if metric.cumulative else "read at the record points"
        signed = "yes" if metric.signed else "no"
        yield [f"`{metric.name}`", plain(metric.label), over, signed, metric.better or "-", kept or "-"]


def metrics() -> str:
    """Return the catalogue of metrics."""
    parts = [
        f"{WIDE}# Metrics\n",
        "What each of them means is said [here](../docs/grid.md#metrics), with formulas on the page of its game. An\n"
        "environment of the last column keeps a metric where its parameters and the policy allow it.\n",
        _jumps(),
    ]
    for game in games():
        parts += [f"## {game}\n", table(METRIC_HEADS, _metric_rows(game, "catalogue"))]
    return "\n".join(parts)


def experiments() -> str:
    """Return the list of experiments with their claims."""
    parts = [
        "# Experiments\n",
        "`banditlab run FILE` plays one, `banditlab check FILE` decides its claims on fresh seeds, and `make claims`\n"
        "those of all: [Reproductions](../experiments/REPRODUCTIONS.md) says what came of each.\n",
    ]
    texts = [file.relative_to(ROOT) for file in sorted((ROOT / "experiments").glob("**/*.md"))]
    parts.append("```{toctree}\n:hidden:\n\n" + "\n".join(f"../{file.with_suffix('')}" for file in texts) + "\n```\n")
    by_folder = defaultdict(list)
    for trial in trials():
        by_folder[trial.file.parent].append(trial)
    for folder, found in by_folder.items():
        parts.append(f"## {folder.name}\n")
        if (ROOT / folder / "README.md").exists():
            parts.append(f"[What it is about](../{folder}/README.md)\n")
        for trial in found:
            parts.append(f"[{trial.file.name}](../{trial.file}): {plain(trial.question)}\n")
            parts += [f"- {plain(claim.text)}" for claim, _ in trial.claims] + [""]
    return "\n".join(parts)


def bibliography() -> str:
    """Return all references, with what is made from each."""
    users = defaultdict(list)
    for role in FOLDERS:
        for kind in built_in(role):
            for key in kind.cite:
                users[references.find(key).key].append(kind)
    parts = ["# References\n", "`banditlab cite results/grid` prints the BibTeX of what was played.\n"]
    for key, reference in sorted(references.built_in().items()):
        made = ", ".join(link(kind, "catalogue") for kind in users[key])
        parts += [f"({_anchor(key)})=", f"**{key}**: {plain(str(reference))}" + (f". {made}" if made else "") + "\n"]
    return "\n".join(parts)


# --- notebooks and reference --------------------------------------------------------------------------------------


def notebooks(root: Path) -> str:
    """Return the list of notebooks."""
    names = [file.stem for file in sorted((root / "notebooks").glob("*.ipynb"))]
    listed = "\n".join(names)
    return (
        "# Notebooks\n\nThey stand in `notebooks/` and are kept without output: `make notebooks` runs them all.\n\n"
        f"```{{toctree}}\n{listed}\n```\n"
    )


def python() -> str:
    """Return the reference of the public names."""
    parts = ["# Python\n", "What `import banditlab` gives.\n"]
    for name in banditlab.__all__:
        value = getattr(banditlab, name)
        if inspect.ismodule(value):
            shown = [("autofunction", f"{name}.{part}") for part in value.__all__ if callable(getattr(value, part))]
        else:
            shown = [("autoclass" if inspect.isclass(value) else "autofunction", name)]
        parts.append(f"## `{name}`\n")
        for directive, path in shown:
            members = "   :members:\n" if directive == "autoclass" else ""
            parts.append(f"```{{eval-rst}}\n.. {directive}:: banditlab.{path}\n{members}```\n")
    return "\n".join(parts)


def command_line() -> str:
    """Return the help of every command."""
    with patch.dict(os.environ, {"COLUMNS": "80"}):
        parser = cli._parser()
        commands = next(action for action in parser._actions if action.dest == "command").choices
        parts = ["# Command line\n", _text(parser.format_help())]
        for name, command in commands.items():
            parts += [f"## `{name}`\n", _text(command.format_help())]
    return "\n".join(parts)
