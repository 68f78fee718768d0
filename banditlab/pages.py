"""Small tables in HTML, by which a notebook shows environments, policies, grids, results and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jinja2 import Environment

MOST = 12  #: rows that a table shows

TEMPLATE = """\
<div>
<p><b>{{ title }}</b>{{ about }}</p>
{% if rows %}
<table>
<thead><tr>{% for head in heads %}<th style="text-align: left">{{ head }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for side, text in row %}<td style="text-align: {{ side }}">{{ text }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% for note in notes %}
<p>{{ note }}</p>
{% endfor %}
</div>"""


def page(title: str, about: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], notes: Iterable[str] = ()) -> str:
    """Return a table as HTML, with everything in it escaped; of many rows the first, and how many more there are.

    Numbers stand on the right, with four digits; all else is text.
    """
    found = [[_written(cell) for cell in row] for row in rows]
    more = [f"... and {len(found) - MOST:,} more"] if len(found) > MOST else []
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE)
    return template.render(title=title, about=about, heads=heads, rows=found[:MOST], notes=[*more, *notes])


def _written(cell: Any) -> tuple[str, str]:
    if isinstance(cell, float):
        return "right", f"{cell:.4g}"
    return ("right", f"{cell:,}") if type(cell) is int else ("left", str(cell))
