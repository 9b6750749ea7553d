"""What `famulus why` shows in the terminal. Pure: data in, text with rich markup out."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from daemon.terminal.show import passages, place

_COLOURS = {"found": "green", "outranked": "yellow", "unmatched": "yellow", "pending": "yellow"}
_WHERE = {
    "text": "in the closest passage",
    "name": "in the note's names or headings",
    "note": "elsewhere in the note",
    "elsewhere": "only in other notes",
    "nowhere": "in no note",
}


def why(data: dict[str, Any]) -> str:
    """The verdict, and for a note that was looked at the closest passage, the query's words and what stands above."""
    return "\n".join(_lines(data))


def private(data: dict[str, Any]) -> str:
    """The same for a note that asks to be left alone, told to somebody who can read the file itself."""
    reason = "The note asks to be left alone: `private: true` or `famulus-ignore: true` stands in its frontmatter."
    return why({**data, "reason": reason, "fix": "Take that line out, and it is indexed.", "alike": []})


def _lines(data: dict[str, Any]) -> Iterator[str]:
    colour = _COLOURS.get(data["verdict"], "red")
    yield f"[bold {colour}]{data['verdict']}[/bold {colour}]  {escape(data['path'] or '')}".rstrip()
    yield escape(data["reason"])
    if data["fix"]:
        yield escape(data["fix"])
    if data["alike"]:
        yield "Similar names: " + escape(", ".join(data["alike"]))
    if data["changed_since"]:
        yield "[yellow]The file was changed since it was indexed: all this is about its older text.[/yellow]"
    if data["standing"]:
        yield from _standing(data["path"], data["standing"])


def _standing(path: str, standing: dict[str, Any]) -> Iterator[str]:
    closest = standing["closest"]
    lanes = standing["lanes"]
    yield f"\nClosest passage: [bold]{place({'path': path, **closest})}[/bold]"
    yield f"   {escape(' '.join(closest['snippet'].split()))}"
    if lanes["dense"]["score"] is not None:
        yield f"   [dim]similarity {lanes['dense']['score']:.3f}[/dim]"
    yield f"Weight of the words in the score: {standing['weight']:.2f}"
    if standing["words"]:
        yield "\nThe words of the query:"
        yield from map(_word, standing["words"])
    if standing["above"]:
        yield f"\nAbove it stand:\n\n{passages(standing['above'])}"


def _word(word: dict[str, Any]) -> str:
    common = "" if word["looked_for"] or not word["chunks"] else "; too common to be looked for"
    chunks = f" ({word['chunks']:,} passages have it{common})" if word["chunks"] else ""
    return f"   {escape(word['word'])}: {_WHERE[word['where']]}[dim]{chunks}[/dim]"
