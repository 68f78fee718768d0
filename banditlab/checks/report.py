"""Verifications for the terminal, 80 columns wide, and as a table for the documentation."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from banditlab.checks.findings import Finding
from banditlab.checks.measures import CONFIDENCE, FAST, MARGIN, Size
from banditlab.checks.verification import Verification
from banditlab.errors import UserError
from banditlab.tables import console

COLUMNS = {
    "against uniform play": "uniform play",
    "transcription": "transcription",
    "growth": "growth",
    "arm labels": "arm labels",
    "wrong recommendations": "errors",
}
CONTRACTS = ("plays", "same seed", "plain = compiled", "slices", "replications apart", "plays on")


def print_verifications(done: Iterable[Verification], *, whole: bool) -> list[Verification]:
    """Print each policy as it comes, with all findings (`whole`) or those that fail; return them."""
    shown = []
    for one in done:
        shown.append(one)
        rate = "" if math.isnan(one.rate) else f", {one.rate:,.0f} rounds/s"
        console().print(f"{one.name}: {'holds' if one.holds else 'FAILS'}{rate}", style="bold")
        if whole and one.environment:
            console().print(textwrap.fill(f"in {one.environment}", 80, initial_indent="  ", subsequent_indent="      "))
        for finding in one.findings:
            if whole or finding.verdict == "fails":
                console().print(textwrap.fill(_line(finding), 80, initial_indent="  ", subsequent_indent="      "))
    failed = sum(not one.holds for one in shown)
    console().print(f"{len(shown) - failed} hold, {failed} fail")
    return shown


def _line(finding: Finding) -> str:
    sign = {"holds": "+", "fails": "FAILS", "none": "-"}[finding.verdict]
    return f"{sign} {finding.check}: {finding.text}"


def _as_markdown(done: Sequence[Verification]) -> str:
    """Return a table, a row a policy."""
    heads = ["policy", "verdict", *COLUMNS, "contracts", "rounds/s"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for one in sorted(done, key=lambda item: item.name):
        verdict = "holds" if one.holds else "**fails**"
        texts = [one.said(check).text for check in COLUMNS.values()]
        broken = {finding.check for finding in one.findings if finding.verdict == "fails"}.intersection(CONTRACTS)
        kept = ", ".join(f"**{check}**" for check in sorted(broken)) or "hold"
        rate = "-" if math.isnan(one.rate) else f"{one.rate:,.0f}"
        cells = [f"`{one.name}`", verdict, *texts, kept, rate]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def write_report(done: Sequence[Verification], path: str | Path, size: Size) -> None:
    """Write the table of verifications as a Markdown file.

    Raises
    ------
    UserError
        It cannot be written.
    """
    places = "\n".join(f"- `{place}`" for place in sorted({one.environment for one in done if one.environment}))
    command = f"banditlab verify --all --report {path}" + (" --fast" if size == FAST else "")
    text = f"""# What was measured of every policy

Made by `{command}`. Each policy plays {size.replications}
replications of {size.horizon:,} rounds with its default parameters, or of up to {size.longest:,} where those
are too few to tell, in the first of these environments that gives what it needs:

{places}

- *against uniform play*: the final regret as a share of uniform play's; a policy must be at least {MARGIN:.0%} better
  (bootstrap-t interval of {CONFIDENCE:.1%}).
- *transcription*: decisions that agree with the slow transcription of the paper on the same random numbers, in the
  environments and with the parameters that stand beside it.
- *growth*: the exponent of the regret in T with its interval; it fails where the whole interval is nearer to linear
  growth than to the order that the paper proves. Over separate horizons for policies that are tuned to T.
- *arm labels*: the regret with the arms as they are and in reverse order.
- *contracts*: plays; same seed; plain Python = compiled; slices = straight run; replications apart.

{_as_markdown(done)}"""
    try:
        Path(path).write_text(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
