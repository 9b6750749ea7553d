"""The inbox in the terminal. Pure: data of the API in, text with rich markup out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.markup import escape

SHORT = 8
"""Characters of an id that are shown; the beginning of an id is enough wherever one is asked for."""


def listed(page: Mapping[str, Any]) -> str:
    """Suggestions by note, and how many more there are."""
    found = page["suggestions"]
    lines: list[str] = []
    for path, group in groupby(found, key=lambda each: each["path"]):
        lines += [f"[bold]{escape(path)}[/bold]", *(_indented(_entry(each)) for each in group), ""]
    if not found:
        lines += ["There is nothing to decide." if not page["total"] else "There is nothing more."]
    return "\n".join([*lines, *_rest(page)]).rstrip()


def _rest(page: Mapping[str, Any]) -> Iterator[str]:
    more = page["total"] - len(page["suggestions"])
    if more > 0 and page["suggestions"]:
        yield f"{more} more fit; `--limit`, `--folder`, `--kind` and `--min-score` say which are shown."
    if page["hidden"]:
        yield _hidden(page["hidden"])


def _hidden(count: int) -> str:
    are = "is" if count == 1 else "are"
    return (
        f"[dim]{count} more {are} not shown: you refused most with such scores. "
        "`--all` shows them, `famulus review why` says more.[/dim]"
    )


def _entry(each: Mapping[str, Any]) -> str:
    state = "" if each["state"] == "pending" else f" · {each['state']}"
    hidden = " · not shown without --all" if each.get("hidden") else ""
    head = f"[cyan]{each['id'][:SHORT]}[/cyan]  {_what(each)}  [dim]{_kind(each)}{state}{hidden}[/dim]"
    reason = f"[yellow]{escape(each['state_reason'])}[/yellow]" if each.get("state_reason") else ""
    return "\n".join([head, *_indent([reason, *_grounds(each)])])


def _what(each: Mapping[str, Any]) -> str:
    """What is proposed, in a line: a note to link, or tags and a description."""
    detail = each.get("detail") or {}
    wanted = [f"{name}: {detail[name]}" for name in ("tags", "description") if detail.get(name)]
    return escape(each["target"] or "; ".join(wanted) or each["path"])


def _kind(each: Mapping[str, Any]) -> str:
    score = "" if each["score"] is None else f"{each['score']:.2f}"
    return escape(" · ".join(part for part in (each["kind"], each["relation"], score) if part))


def _grounds(each: Mapping[str, Any]) -> Iterator[str]:
    """The place in its line, the reason, and the evidence where the reason does not quote it."""
    context, edit = each.get("context"), each["edit"]
    if context:
        changed = f"[red]{escape(edit['before'])}[/red][green]{escape(edit['after'])}[/green]"
        yield f"{escape(context['before'])}{changed}{escape(context['after'])}"
    reason, evidence = (" ".join(each[name].split()) for name in ("reason", "evidence"))
    yield escape(reason)
    if evidence and evidence not in reason:
        yield f"[italic]“{escape(evidence)}”[/italic]"


def _indent(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines if line]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def card(each: Mapping[str, Any], number: int, total: int) -> str:
    """One suggestion, for who decides on one after the other."""
    head = f"[dim]{number} of {total}[/dim]  [bold]{escape(each['path'])}[/bold]"
    return "\n".join(["", head, *_indent([f"{_what(each)}  [dim]{_kind(each)}[/dim]", *_grounds(each)])])


def difference(each: Mapping[str, Any]) -> str:
    """What would be written, as lines that go and lines that come."""
    sides = (("-", "red", each["edit"]["before"]), ("+", "green", each["edit"]["after"]))
    return "\n".join(
        f"    [{colour}]{sign} {escape(line)}[/{colour}]"
        for sign, colour, text in sides
        for line in text.strip("\n").split("\n")
        if line
    )


def decided(answer: Mapping[str, Any], action: str) -> str:
    """What became of many: those that were not decided one by one, the rest as a number."""
    failed = [each for each in answer["results"] if each.get("code")]
    lines = [f"{each['id'][:SHORT]}  [red]not done[/red]  {escape(each['reason'] or '')}" for each in failed]
    lines.append(f"{answer['done']} {_PAST[action]}.")
    if answer["run"] and answer["done"]:
        lines.append(f"[dim]`famulus undo --run {answer['run']}` takes it back.[/dim]")
    if action == "reject" and answer["done"]:
        lines.append("[dim]`famulus review restore` takes a rejection back.[/dim]")
    return "\n".join(lines)


_PAST = {"accept": "accepted", "reject": "rejected", "restore": "waiting again"}


def planned(answer: Mapping[str, Any], action: str) -> str:
    """What a dry run found."""
    notes = Counter(each["path"] for each in answer["results"])
    many = f"{answer['count']} {'suggestion' if answer['count'] == 1 else 'suggestions'}"
    return f"{action.capitalize()} {many} in {len(notes)} {'note' if len(notes) == 1 else 'notes'}"


def why(summary: Mapping[str, Any]) -> str:
    """How many suggestions there are, and what the user's decisions taught about their scores."""
    counts = [f"{_count(each)}" for each in summary["counts"]]
    bars = [line for bar in summary["thresholds"] for line in _bar(bar)]
    return "\n".join([*counts, "", *bars] if counts and bars else [*counts, *bars]) or "There are no suggestions."


def _count(each: Mapping[str, Any]) -> str:
    hidden = f", {each['hidden']} of them not shown" if each["hidden"] else ""
    return f"{each['count']:>6}  {escape(each['kind'])}, {each['state']}{hidden}"


def _bar(bar: Mapping[str, Any]) -> Iterator[str]:
    kind, all_ = escape(bar["kind"]), bar["decisions"]
    yield f"[bold]{kind}[/bold]: you refused {all_['refused']} of {all_['decided']} that were decided."
    if bar["hidden_to"] is not None:
        low, share = bar["hidden_to"], bar["hidden_decisions"]
        yield (
            f"  Up to a score of {low:.2f} it was {share['refused']} of {share['decided']}: "
            "these are not shown any more; `--all` shows them."
        )
    yield f"  {_applied(bar)}"
    if bar["hidden_to"] is not None or bar["applied_from"] is not None:
        yield f"  [dim]`famulus review reset {kind}` forgets what was learned.[/dim]"


def _applied(bar: Mapping[str, Any]) -> str:
    chosen, taught, share = bar["chosen"], bar["applied_from"], bar["applied_decisions"]
    if taught is None:
        least = "whatever is proposed" if chosen is None else f"from {chosen:.2f} on, which is your threshold"
        return f"Mode auto writes {least}; too few decisions teach another."
    if chosen is not None and chosen >= taught:
        return f"Mode auto writes from {chosen:.2f} on, which is your threshold; your decisions ask for no more."
    grounds = f"above that {share['decided'] - share['refused']} of {share['decided']} were accepted"
    return f"Mode auto writes from {taught:.2f} on, as your decisions teach: {grounds}."
