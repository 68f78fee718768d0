"""What there is: lists of games, environments, policies, wrappers and offline algorithms, and a page for each."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from rich.console import Console
from rich.table import Table

from banditlab import offline, references, registry
from banditlab.games import games
from banditlab.pages import page
from banditlab.problem import PLAIN
from banditlab.registry import Kind
from banditlab.types import IN_WORDS

ITEM = re.compile(r"\d+\. |- ")
MORE = "some parameters add their own: banditlab cite GRID.toml"
FIELD = re.compile(r"^    (\w+):\s*(.+?)\s*(?:#:\s*(.*))?$", re.M)


def show_list(console: Console, what: str | None) -> None:
    """Print games, environments, policies, wrappers and offline algorithms, or one of them."""
    if what in (None, "games"):
        rows = [(game.name, game.summary) for game in games().values()]
        console.print(_table("games", rows), "")
    for role, plural in zip(registry.ROLES, ("environments", "policies"), strict=True):
        if what in (None, plural):
            rows = [(kind.title, kind.summary) for kind in registry.kinds(role)]
            console.print(_table(plural, rows), "")
    if what in (None, "wrappers"):
        console.print(_table("wrappers", [(kind.name, kind.summary) for kind in registry.kinds("wrapper")]), "")
    if what in (None, "offline"):
        rows = [(name, _about(cls).splitlines()[0]) for name, cls in offline.algorithms().items()]
        console.print(_table("offline algorithms", rows), "")
    if what == "baselines":
        from banditlab.analysis import baselines

        console.print(_table("baselines", baselines.describe()), "")


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def describe(kind: Kind) -> str:
    """Return a page about an environment or policy: its paper, what it does, its parameters and defaults."""
    lines = [f"{kind.role} {kind.title}", *_documented(kind.cls)]
    for name, words in (
        ("needs", kind.needs),
        ("may be told", kind.told - PLAIN),
        ("gives", kind.gives),
        ("takes", kind.takes),
    ):
        if words:
            lines += ["", f"{name}: {', '.join(sorted(words))}"]
    if kind.growth:
        proved = ", ".join(f"{metric} of order {order}" for metric, order in kind.growth.items())
        lines += ["", *textwrap.wrap(f"proved: {proved}", 80)]
    if kind.metrics:
        lines += ["", *textwrap.wrap(_metrics(kind), 80)]
    lines += _references(kind.cite, MORE if hasattr(kind.cls, "cite") else "")
    return "\n".join([*lines, "", *_parameters(kind.cls)])


def describe_algorithm(name: str) -> str:
    """Return a page about an offline algorithm: its paper, what it does, its ratio, its parameters and defaults."""
    cls = offline.algorithms()[name]
    lines = [f"offline algorithm {name}", *_documented(cls), "", f"needs: {', '.join(sorted(cls.needs))}"]
    instance = _by_default(cls)
    if instance is not None:
        lines += ["", f"ratio{' with the defaults' if dataclasses.fields(cls) else ''}: {instance.ratio:.4g}"]
    lines += _references(cls.cite)
    return "\n".join([*lines, "", *_parameters(cls)])


def describe_game(name: str) -> str:
    """Return the docstring of a game's module, its protocol, and its verbs."""
    game = games()[name]
    lines = [*_wrapped(inspect.cleandoc(sys.modules[game.rounds.__module__].__doc__ or "")), "", "verbs:"]
    for verb in (*game.environment_verbs, *game.environment_options, *game.policy_verbs, *game.policy_options):
        lines.append(f"  {verb.__name__}({', '.join(inspect.signature(verb).parameters)})")
        lines += textwrap.wrap(" ".join(verb.__doc__.split()), 80, initial_indent="      ", subsequent_indent="      ")
    return "\n".join([*lines, ""])


def page_of(instance: Any) -> str:
    """Return the parameters of an environment, policy or wrapper as a table in HTML, with what they mean."""
    kind, written = registry.kind_of(instance), _written(type(instance))
    rows = [
        (field.name, _default(getattr(instance, field.name)), written.get(field.name, ("", ""))[1])
        for field in dataclasses.fields(instance)
    ]
    notes = [] if rows else ["no parameters"]
    return page(kind.title, f": {kind.summary}" if kind.summary else "", ["parameter", "value", "meaning"], rows, notes)


def _about(cls: type) -> str:
    """Return the docstring of a class's module; of the class where the module has none."""
    return inspect.cleandoc(sys.modules[cls.__module__].__doc__ or cls.__doc__ or cls.__name__)


def _documented(cls: type) -> list[str]:
    """Return the docstrings of a class's module, of the class, and of those whose parameters it shares."""
    lines = ["", *_wrapped(inspect.cleandoc(sys.modules[cls.__module__].__doc__ or ""))]
    for base in filter(dataclasses.is_dataclass, cls.__mro__):
        if base.__doc__ and not base.__doc__.startswith(f"{base.__name__}("):
            lines += ["", *_wrapped(inspect.cleandoc(base.__doc__))]
    return lines


def _references(cited: Iterable[str], more: str = "") -> list[str]:
    """Return a line for each reference: who, what, when."""
    said = [*map(str, map(references.find, cited)), *([more] if more else [])]
    wrapped = [textwrap.wrap(one, 80, initial_indent="  ", subsequent_indent="      ") for one in said]
    return ["", "references:", *itertools.chain(*wrapped)] if said else []


def _metrics(kind: Kind) -> str:
    """Say which metrics an environment keeps, or keeps by default where that depends on its parameters."""
    if not hasattr(kind.cls, "metrics"):
        return f"metrics: {', '.join(kind.metrics)}"
    instance = _by_default(kind.cls)
    if instance is None:
        return f"metrics: some of {', '.join(kind.metrics)}"
    kept = instance.metrics()
    return f"metrics with the defaults: {', '.join(name for name in kind.metrics if name in kept)}"


def _by_default(cls: type) -> Any:
    """Return an instance without arguments; None where there is none."""
    try:
        return cls()
    except (TypeError, ValueError):
        return None


def _wrapped(text: str) -> list[str]:
    """Wrap the paragraphs of a docstring at 80 columns; the items of a list and indented lines stand alone."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        for part, hang in _parts(paragraph.split("\n")):
            lines += textwrap.wrap(part, 80, subsequent_indent=" " * hang, break_on_hyphens=False)
        lines.append("")
    return lines[:-1]


def _parts(lines: list[str]) -> list[tuple[str, int]]:
    """Return what stands alone in a paragraph, each with the indent of its further lines.

    That is an item of a list with the lines that continue it, a line with a larger indent, or lines of plain text. An
    item begins a paragraph, or follows an item or a colon: elsewhere a line can begin with "1. " by chance.
    """
    parts: list[tuple[str, int]] = []
    marker, opens, joins = 0, True, False  # the width of an item's marker; what the next line can do
    for line in lines:
        indent = len(line) - len(line.lstrip())
        item = ITEM.match(line) if opens or marker else None
        if item:
            marker = len(item[0])
            parts.append((line, marker))
        elif joins and indent <= marker:
            parts[-1] = f"{parts[-1][0]} {line.lstrip()}", parts[-1][1]
        else:
            parts.append((line, indent))
        joins, opens = item is not None or indent <= marker, line.endswith(":")
    return parts


def _parameters(cls: type) -> list[str]:
    fields = dataclasses.fields(cls)
    if not fields:
        return ["no parameters"]
    written = _written(cls)
    lines = ["parameters:"]
    for field in fields:
        type_, comment = written.get(field.name, (str(field.type), ""))
        default = "required" if field.default is dataclasses.MISSING else f"default {_default(field.default)}"
        text = f"  {field.name}: {type_}, {default}"
        lines += textwrap.wrap(text, 80, subsequent_indent="      ", break_long_words=False)
        lines += textwrap.wrap(comment, 80, initial_indent="      ", subsequent_indent="      ")
    return lines


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_default, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _written(cls: type) -> dict[str, tuple[str, str]]:
    """Return type and comment of each field, as they stand in the source of the class and of those it inherits from."""
    found = {}
    for base in filter(dataclasses.is_dataclass, reversed(cls.__mro__)):
        try:
            source = inspect.getsource(base)
        except (OSError, TypeError):  # a class of a notebook cell
            continue
        for name, text, comment in FIELD.findall(source):
            found[name] = _in_words(text.partition(" = ")[0], vars(sys.modules[base.__module__])), comment or ""
    return found


def _in_words(type_: str, names: dict[str, Any]) -> str:
    """Return a parameter's type as a user reads it: `Literal["a", "b"]` as "a" | "b", `Positive` as number > 0.

    `names` are those of its module, by which such a list of values may have a name of its own.
    """

    def meaning(word: re.Match) -> str:
        values = get_args(names[word[0]]) if get_origin(names.get(word[0])) is Literal else ()
        return " | ".join(map(_default, values)) or IN_WORDS.get(word[0], word[0])

    choices = re.sub(r"Literal\[(.*?)\]", lambda match: match[1].replace(", ", " | "), type_)
    words = re.sub(r'(?<!")\b[A-Za-z]+\b(?!")', meaning, choices)
    return re.sub(r"tuple\[(.*), \.\.\.\]", r"[\1, ...]", words).removesuffix(" | None")
