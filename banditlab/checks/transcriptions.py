"""Where the slow transcription of a policy's paper is found.

A folder of transcriptions holds `GAME/FILE.py` for the policy of that game in the file of that name, with a class of
the policy's own name and a list `CASES` of (environment, horizon, parameters) in which the two are compared.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, NamedTuple

from banditlab.errors import UserError
from banditlab.games import games
from banditlab.registry import Kind

FOLDER = "tests/reference"


class Transcription(NamedTuple):
    """A transcription, and where to compare it; no class and no cases where there is none."""

    cls: type | None
    cases: list[tuple[Any, int, dict[str, Any]]]
    file: str = ""  #: where it stands, or was looked for


NONE = Transcription(None, [])


def transcription_of(kind: Kind, folder: str | Path = FOLDER) -> Transcription:
    """Return the transcription of a policy.

    Parameters
    ----------
    kind : Kind
    folder : path
        Relative to the current folder, from which transcriptions may import.

    Raises
    ------
    UserError
        There is no such folder; the file raises, or lacks the class or the cases.
    """
    if not Path(folder).is_dir() and Path(folder) != Path(FOLDER):
        raise UserError(f"{folder}: no such folder of transcriptions")
    home = getattr(sys.modules[kind.cls.__module__], "__file__", None) or kind.name  # none: a notebook's cell
    file = Path(folder) / games()[kind.game].folder / f"{Path(home).stem}.py"
    if not file.is_file():
        return NONE._replace(file=str(file))
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        spec = importlib.util.spec_from_file_location(f"transcription_{kind.game}_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return Transcription(getattr(module, kind.cls.__name__), list(module.CASES), str(file))
    except Exception as error:
        wanted = f"a class {kind.cls.__name__} and a list CASES"
        raise UserError(f"{file}: {wanted} are needed; {type(error).__name__}: {error}") from error
