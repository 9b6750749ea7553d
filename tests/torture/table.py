"""What came of all faults, as a table in Markdown, and its place in docs/safety.md."""

from collections.abc import Sequence
from pathlib import Path

from tests.torture.rounds import Outcome

BEGIN, END = "<!-- make torture: begin -->", "<!-- make torture: end -->"
_HEAD = """| Fault | Tried | As planned | Temporary files found | Lost bytes | Repaired by |
|---|---:|---:|---:|---:|---|"""


def table(outcomes: Sequence[Outcome]) -> str:
    """One row a fault, and their sum."""
    rows = [_row(each) for each in outcomes]
    tried = sum(len(each.tried) for each in outcomes)
    hit = sum(found.hit for each in outcomes for found in each.tried)
    left = sum(found.left for each in outcomes for found in each.tried)
    lost = sum(found.lost for each in outcomes for found in each.rounds)
    return "\n".join([_HEAD, *rows, f"| **All** | **{tried}** | **{hit}** | **{left}** | **{lost}** | |"])


def _row(outcome: Outcome) -> str:
    fault, tried = outcome.fault, outcome.tried
    if outcome.skipped:
        return f"| {fault.title} | not tried: {outcome.skipped} | | | | {fault.cure} |"
    hit, left = sum(each.hit for each in tried), sum(each.left for each in tried)
    lost = sum(each.lost for each in outcome.rounds)
    return f"| {fault.title} | {len(tried)} | {hit} | {left} | {lost} | {fault.cure} |"


def summary(outcomes: Sequence[Outcome], seed: int, seconds: float, cores: int) -> str:
    """What the table rests on, in one paragraph."""
    rounds = [found for each in outcomes for found in each.rounds]
    kept, mended = sum(each.kept for each in rounds), sum(each.mended for each in rounds)
    wrong = sum(len(each.problems) for each in rounds) + sum(bool(each.broken) for each in outcomes)
    return (
        f'`make torture ARGS="--seed {seed}"` on {cores} cores, {seconds / 60:.0f} minutes. Lines that were found in the '
        f"journal instead of the note: {kept}. Disagreements of the index after a start, mended by `famulus doctor "
        f"--verify`: {mended}. Other complaints of the harness: {wrong}."
    )


def write(file: Path, text: str) -> None:
    """Put the text between the marks of a page. Raises ValueError where they are not there."""
    page = file.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, found, behind = rest.partition(END)
    if not found:
        raise ValueError(f"{file} has no place for the table: {BEGIN} … {END}")
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{behind}", encoding="utf-8")
