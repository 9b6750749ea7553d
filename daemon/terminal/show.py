"""What people see in the terminal. Pure: data in, text with rich markup out."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape

if TYPE_CHECKING:
    from daemon.doctor import Check
    from daemon.models.fetching import ModelStatus


def health(data: dict[str, Any]) -> str:
    """The state of the index in a line or two."""
    index = data["index"]
    lines = [f"{index['notes']} notes, {index['chunks']} chunks, {index['embedded_since_start']} embedded just now."]
    if index["failed"]:
        lines.append(f"[yellow]{index['failed']} could not be read: run `famulus doctor`.[/yellow]")
    if change := data.get("model_change"):
        lines.append(
            f"The embedder changes from {change['old']} to {change['new']}: {change['done']} of {change['total']} chunks are done."
        )
    if problem := data.get("store", {}).get("problem"):
        lines.append(f"[yellow]{escape(problem)}[/yellow]")
    return "\n".join(lines)


def place(item: dict[str, Any]) -> str:
    """Path, headings and lines of a passage or citation."""
    heading = " › ".join(item["heading"])
    first, last = item["start_line"], item["end_line"]
    lines = f"line {first}" if first == last else f"lines {first}–{last}"
    return escape(f"{item['path']}{' › ' + heading if heading else ''}, {lines}")


def passages(results: Sequence[dict[str, Any]]) -> str:
    """Search results with their rank in each lane."""
    if not results:
        return "Nothing was found."
    return "\n\n".join(_passage(number, result) for number, result in enumerate(results, 1))


def _passage(number: int, result: dict[str, Any]) -> str:
    lanes = result["lanes"]
    ranks = f"words {lanes['lexical'] or '–'}, meaning {lanes['dense'] or '–'}"
    snippet = escape(" ".join(result["snippet"].split()))
    return f"[bold]{number}. {place(result)}[/bold]  [dim]{result['score']:.3f} ({ranks})[/dim]\n   {snippet}"


def citations(found: Sequence[dict[str, Any]]) -> str:
    """The sources under an answer."""
    return "\n".join(
        f"[bold]{escape(each['mark'])}[/bold] {place(each)}\n    [dim]“{escape(' '.join(each['quote'].split()))}”[/dim]"
        for each in found
    )


def suggestions(found: Sequence[dict[str, Any]], *, kept: bool) -> str:
    """Proposed links with reason and, where they are kept, the id to decide by."""
    if not found:
        return "There is nothing to propose."
    return "\n\n".join(_suggestion(each, kept=kept) for each in found)


def _wanted(detail: dict[str, str]) -> str:
    """The properties that a suggestion is about, a line each."""
    shown = [("tags", detail.get("tags")), ("description", detail.get("description"))]
    return "".join(f"\n   {name}: {escape(value)}" for name, value in shown if value)


def _suggestion(each: dict[str, Any], *, kept: bool) -> str:
    kind = each["relation"] or each["kind"]
    score = "" if each["score"] is None else f", {each['score']:.2f}"
    head = f"[bold]{escape(each['target'] or each['path'])}[/bold]  [dim]{kind}{score}[/dim]{_wanted(each['detail'])}"
    where = f"\n   [dim]for {escape(each['path'])} · {each['state']} · {each['id']}[/dim]" if kept else ""
    reason = escape(" ".join(each["reason"].split()))
    if each["kind"] == "section":
        reason = escape(textwrap.indent(each["edit"]["after"].strip(), "   ").lstrip())
    return f"{head}\n   {reason}{where}" if reason else head + where


_JOURNAL_STATES = {"done": "", "undone": "undone", "failed": "not written", "intended": "under way"}


def journal(entries: Sequence[dict[str, Any]]) -> str:
    """What Famulus wrote, newest first."""
    if not entries:
        return "Famulus has written nothing into this vault."
    lines = "\n".join(_entry(each) for each in entries)
    return (
        f"{lines}\n\nTake one back with `famulus undo --edit ID`; `--note`, `--run`, `--feature` and `--day` take more."
    )


def _entry(each: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(each["at"]).strftime("%Y-%m-%d %H:%M:%S")
    state = _JOURNAL_STATES.get(each["state"], each["state"])
    undoes = f" of {each['undoes']}" if each["undoes"] else ""
    what = escape(f"{each['feature']}{undoes}")
    tail = f"  [yellow]{state}[/yellow]" if state else ""
    return (
        f"[bold]{each['id']:>5}[/bold]  {when}  {what:<12}  {escape(each['path'])}  [dim]run {each['run']}[/dim]{tail}"
    )


_OUTCOMES = {
    "undone": "[green]undone[/green]",
    "would_undo": "[green]would be undone[/green]",
    "refused": "[red]not undone[/red]",
    "nothing": "[dim]nothing to undo[/dim]",
}


def undone(results: Sequence[dict[str, Any]]) -> str:
    """What became of each write that was to be undone, with the diff of its note."""
    if not results:
        return "Nothing that Famulus wrote fits."
    return "\n\n".join(_undone(each) for each in results)


def _undone(each: dict[str, Any]) -> str:
    reason = f": {escape(each['reason'])}" if each["reason"] else ""
    head = f"[bold]{each['id']}[/bold] {escape(each['feature'])} {escape(each['path'])}  {_OUTCOMES[each['outcome']]}{reason}"
    return "\n".join([head, *(_diff_line(line) for line in each["diff"].splitlines())])


def _diff_line(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
    return f"  [{colour}]{escape(line)}[/{colour}]" if colour else f"  {escape(line)}"


def digests(found: Sequence[dict[str, Any]]) -> str:
    """Digest notes with their schedule."""
    if not found:
        return "No note has the key `famulus-digest` in its frontmatter."
    return "\n".join(_digest(each) for each in found)


def _digest(each: dict[str, Any]) -> str:
    when = f"[red]{escape(each['error'])}[/red]" if each["error"] else f"next {each['next_run']}"
    told = f"\n  [yellow]{escape(each['warning'])}[/yellow]" if each.get("warning") else ""
    return f"[bold]{escape(each['path'])}[/bold]  {escape(each['cron'])}  {when}{told}"


def digest_run(data: dict[str, Any]) -> str:
    """What a digest wrote."""
    if data["path"] is None:
        return escape(str(data["message"]))
    return f"Wrote {escape(data['path'])} from {len(data['sources'])} notes."


def checks(found: "Sequence[Check]") -> str:
    """The doctor's findings."""
    return "\n".join(
        f"[green]ok[/green]    {escape(c.name)}: {escape(c.message)}"
        if c.ok
        else f"[red]wrong[/red] {escape(c.name)}: {escape(c.message)}\n      {escape(c.fix)}"
        for c in found
    )


_OF_A_KIND = 5


def verified(data: dict[str, Any]) -> str:
    """What was compared, what did not agree, and what became of it."""
    counts = data["checked"]
    head = (
        f"Compared {counts['notes']} notes, {counts['passages']} passages, {counts['words']} rows of full text and "
        f"{counts['stored']} stored vectors."
    )
    left = sum(not each["repaired"] for each in data["found"])
    end = "All agrees." if data["agree"] else f"{left} {'thing does' if left == 1 else 'things do'} not agree yet."
    mended = f" {data['repaired']} mended." if data["repaired"] else ""
    return "\n".join([head, *_disagreements(data["found"]), f"[bold]{end}[/bold]{mended}"])


def _disagreements(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The findings, of each kind the first few, and how many more there are."""
    seen: Counter[tuple[str, bool]] = Counter()
    total = Counter((each["kind"], each["repaired"]) for each in found)
    for each in found:
        kind = each["kind"], each["repaired"]
        seen[kind] += 1
        if seen[kind] <= _OF_A_KIND:
            yield _disagreement(each)
        elif seen[kind] == total[kind]:
            word = "mended" if each["repaired"] else "wrong "
            yield f"{word} … and {total[kind] - _OF_A_KIND} more like these; `--json` lists them all."


def _disagreement(each: dict[str, Any]) -> str:
    subject = f"{escape(each['subject'])}: " if each["subject"] else ""
    word = "[green]mended[/green]" if each["repaired"] else "[red]wrong[/red] "
    return f"{word} {subject}{escape(each['message'])}\n       {escape(each['repair'])}"


def replaced(data: dict[str, Any]) -> str:
    """What stands in place of the state now."""
    now = f"The backup {escape(data['backup'])} is the state now." if data["backup"] else "An empty state was begun."
    return f"{now} What was there is kept as {escape(data['kept'])}." if data["kept"] else now


def models(found: "Sequence[ModelStatus]") -> str:
    """Models and whether they are here."""
    return "\n".join(
        f"[red]missing[/red] {escape(m.name)}: {escape(m.problem)}\n        {escape(m.fix)}"
        if m.problem
        else f"[green]{'served ' if m.kind == 'openai' else 'here   '}[/green] {escape(m.name)}: {escape(m.model)}, "
        + escape(m.path)
        for m in found
    )
