"""First files of one's own: a policy, an environment or a grid that runs as it is written, to be changed."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path

from banditlab import registry
from banditlab.checks.pairs import REFERENCES
from banditlab.errors import UserError, nearest
from banditlab.games import games

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TEMPLATES = Path(__file__).with_name("templates")


def write(what: str, name: str, game: str, out: str | Path | None = None) -> tuple[Path, list[str]]:
    """Write a first policy, environment or grid; return its file, and the commands that come next.

    Parameters
    ----------
    what : str
        "policy", "environment" or "grid".
    name : str
        Its kind, or the grid's name: lower case, hyphens.
    game : str
    out : path, optional
        By default a file of that name here.

    Raises
    ------
    UserError
        The name is none or taken, the game is unknown or has no such template, or the file is there already.
    """
    if game not in games():
        raise UserError(f"--game: no game {game!r}{nearest(game, games())}")
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r}: a name has lower-case letters, digits and hyphens, such as my-{what}")
    if what != "grid" and registry.named(what, f"{game}/{name}"):
        raise UserError(f"{name!r}: there is {a(what)} of that name in {game}: banditlab show {game}/{name}")
    text, suffix = {"policy": _policy, "environment": _environment, "grid": _grid}[what](name, game)
    file = Path(out or f"{name.replace('-', '_')}{suffix}")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UserError(f"{file}: cannot be written ({error.strerror}): choose another --out") from None
    return file, _next(what, name, game, file)


def a(word: str) -> str:
    """Return a word with its article."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _policy(name: str, game: str) -> tuple[str, str]:
    """Return the game's uniform player under another name: it has all that a policy needs, and learns nothing."""
    source = inspect.getsource(sys.modules[registry.find("policy", "uniform", game).cls.__module__])
    body = source.split('"""', 2)[2].replace("class Uniform", f"class {_class(name)}")
    body = body.replace('@policy("uniform"', f'@banditlab.policy("{name}"')
    body = body.replace("from banditlab.registry import policy\n", "")
    first = re.search(r"^from banditlab|^@", body, re.M).start()
    between = "\n" if body[first] == "@" else ""
    head = f'"""{name}: a line that says what it is, and its paper, with the number of the algorithm."""'
    return f"{head}{body[:first]}import banditlab\n{between}{body[first:]}", ".py"


def _environment(name: str, game: str) -> tuple[str, str]:
    known = {file.stem.removeprefix("environment_"): file for file in sorted(TEMPLATES.glob("environment_*.py"))}
    if game not in known:
        there = f"there are first environments of {' and '.join(known)}"
        raise UserError(f"--game: {there}; of {game}, begin with a copy of a built-in one")
    text = known[game].read_text(encoding="utf-8")
    return text.replace("NAME", name).replace("CLASS", _class(name)), ".py"


def _grid(name: str, game: str) -> tuple[str, str]:
    """Return a grid of the game's first reference environment, its uniform player, and a policy that fits."""
    kind, parameters = REFERENCES[game][0]
    world = registry.find("environment", kind, game)
    gives = registry.ALWAYS | frozenset(getattr(world.cls(**parameters), "gives", lambda: world.gives)())
    fitting = [one for one in registry.kinds("policy", game) if one.needs <= gives and _has_defaults(one.cls)]
    chosen = next(one.name for one in fitting if one.name not in registry.REFERENCE_PLAYERS)
    lines = [
        f'name = "{name}"',
        f'game = "{game}"',
        "horizon = 1000",
        "replications = 20",
        "",
        f"# banditlab show {game}/{kind} says what can be set; banditlab list environments, what else there is",
        "[[environment]]",
        f'kind = "{kind}"',
        *(f"{key} = {json.dumps(value)}" for key, value in parameters.items()),
        "",
        "# sweep = { PARAMETER = [...] } tries several values; label = \"...\" names it in tables and figures",
        "[[policy]]",
        f'kind = "{chosen}"',
        "",
        "[[policy]]",
        'kind = "uniform"',
    ]  # fmt: skip
    return "\n".join(lines) + "\n", ".toml"


def _has_defaults(cls: type) -> bool:
    try:
        cls()
    except (TypeError, ValueError):
        return False
    return True


def _next(what: str, name: str, game: str, file: Path) -> list[str]:
    if what == "grid":
        return [f"banditlab run {file} --quick", f"banditlab run {file}"]
    commands = [f"banditlab show {game}/{name} --plugin {file}"]
    if what == "policy":
        commands.append(f"banditlab verify {game}/{name} --plugin {file} --fast")
    grid = f"{name}-grid".replace("-", "_")
    return [
        *commands,
        f'banditlab new grid {name}-grid --game {game}  # put kind = "{name}" into it',
        f"banditlab run {grid}.toml --plugin {file}",
    ]
