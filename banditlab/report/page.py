"""The report as one page of HTML: no file beside it, no request, the same folder the same bytes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banditlab.errors import UserError
from banditlab.report.contents import gather
from banditlab.tables import TEXTS

HERE = Path(__file__).parent


def write(folder: str | Path, path: str | Path, metric: str | None = None) -> None:
    """Write the report of a results folder; arguments and errors as of `gather`.

    Raises
    ------
    UserError
        The name of the file does not end in .html, or it cannot be written.
    """
    if Path(path).suffix not in (".html", ".htm"):
        raise UserError(f"{path}: a report's file ends in .html")
    text = render(gather(folder, metric))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


def render(contents: dict[str, Any]) -> str:
    """Return the page. All texts are escaped by the template, and only its own script may run."""
    loader = FileSystemLoader(HERE)
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return pages.get_template("page.html").render(contents, style=style, script=script, digest=digest, texts=TEXTS)
