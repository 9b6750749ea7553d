"""What `famulus eval` shows in the terminal. Pure: data in, tables and text with rich markup out."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

_KINDS = {
    "link": "hidden link",
    "heading": "heading → note",
    "section": "heading → section",
    "description": "description",
    "name": "title or alias",
    "related": "related, links hidden",
}

_TITLES = {
    "reranker": "Search without the reranker, on the same questions",
    "search": "Search with other weights, on the same questions",
    "related": "Related notes with other weights, on the same links",
    "index": "Other ways to index, tried on {notes} notes",
}


def tables(data: dict[str, Any]) -> Iterator[RenderableType]:
    """The figures, what was compared, and what to change."""
    if not data["results"]:
        yield "This vault has no links between notes, no headings and no descriptions to ask by."
        return
    yield _results(data["results"])
    yield "[dim]In brackets: where the figure lies with 95 % probability.[/dim]"
    for reason, number in data["left_out"].items():
        yield f"[dim]Links left out: {number} ({escape(reason)}).[/dim]"
    for each in data["compared"]:
        yield _compared(each["settings"], _TITLES[each["of"]].format(notes=each["notes"]))
        yield f"[bold]{escape(each['advice'])}[/bold]"
    if data["compared"]:
        yield "[dim]The intervals allow for how many settings were compared.[/dim]"


def _results(results: Sequence[dict[str, Any]]) -> Table:
    table = Table("asked by", "group", "n", "among the first 10", "MRR at 10", title="Search on your own notes")
    before = ""
    for each in results:
        if each["kind"] != before and before:
            table.add_section()
        name = _KINDS[each["kind"]] if each["kind"] != before else ""
        before = each["kind"]
        recall = _with_interval(each["recall_at_10"], each["recall_interval"])
        mrr = _with_interval(each["mrr_at_10"], each["mrr_interval"])
        table.add_row(name, each["group"], str(each["n"]), recall, mrr)
    return table


def _compared(compared: Sequence[dict[str, Any]], title: str) -> Table:
    table = Table("setting", "MRR at 10", "against now", "", title=title)
    for each in compared:
        low, high = each["gain_interval"]
        table.add_row(
            escape(each["configuration"]),
            f"{each['mrr_at_10']:.3f}",
            f"{each['gain']:+.3f} ({low:+.3f} to {high:+.3f})",
            _word(each),
        )
    return table


def _word(each: dict[str, Any]) -> str:
    if not each["beyond_chance"]:
        return "no difference beyond chance"
    return "[green]better[/green]" if each["better"] else "[red]worse[/red]" if each["gain"] < 0 else "hardly better"


def _with_interval(mean: float, interval: Sequence[float]) -> str:
    return f"{mean:.3f} [dim]({interval[0]:.3f}–{interval[1]:.3f})[/dim]"
