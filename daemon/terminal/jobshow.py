"""What people see of jobs in the terminal. Pure: data in, text with rich markup out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape

from vault_sync.index.progress import in_words

_STATES = {
    "estimating": "estimating",
    "dry_run": "dry run, nothing is written",
    "judging": "waits for your yes and no",
    "applying": "applying",
    "paused": "paused",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}


def jobs(found: Sequence[Mapping[str, Any]]) -> str:
    """A line or two for each job."""
    return "\n".join(_line(each) for each in found) or "There are no jobs."


def _line(each: Mapping[str, Any]) -> str:
    when = datetime.fromtimestamp(each["created_at"]).strftime("%Y-%m-%d %H:%M")
    head = f"[bold]{each['id']}[/bold]  {when}  {_STATES[each['state']]}  {_done(each)}{_time_left(each)}"
    return f"{head}\n    {escape(each['reason'])}" if each["reason"] else head


def _done(each: Mapping[str, Any]) -> str:
    progress = each["progress"]
    failed = f", {progress['failed']} failed" if progress["failed"] else ""
    return f"{progress['done']} of {progress['total']} notes{failed}"


def _time_left(each: Mapping[str, Any]) -> str:
    left = each["progress"]["seconds_left"]
    running = each["state"] in ("estimating", "dry_run") or each["resumes"] == "dry_run"
    return f", {in_words(left['mean'])}" if running and left and each["progress"]["done"] else ""


def job(each: Mapping[str, Any]) -> str:
    """All about one job."""
    return "\n".join([_line(each), *_wish(each["wish"]), *_found(each["found"]), *_next(each)])


def _wish(wish: Mapping[str, Any]) -> list[str]:
    where = f"folder {escape(wish['folder'])}" if wish["folder"] else "the whole vault"
    return [f"    {where}; kinds: {', '.join(wish['kinds'])}; to be {_MODES[wish['mode']]}"]


_MODES = {"auto": "written into the notes", "review": "put into the inbox"}


def _found(found: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = []
    for kind, counts in found.items():
        rest = ", ".join(f"{number} {name}" for name, number in counts.items() if name not in ("found", "open"))
        lines.append(f"    {kind}: {counts['found']} found{f' ({rest})' if rest else ''}")
    return lines


def _next(each: Mapping[str, Any]) -> list[str]:
    told = {
        "judging": [f"Say yes or no:  famulus jobs judge {each['id']}"],
        "paused": [f"Go on:  famulus jobs resume {each['id']}"],
        "done": [f"Take it back:  famulus undo --run {each['id']}"] if _written(each) else [],
    }
    return told.get(each["state"], [])


def _written(each: Mapping[str, Any]) -> int:
    return sum(counts.get("applied", 0) for counts in each["found"].values())


def failed(notes: Sequence[Mapping[str, Any]], most: int = 10) -> list[str]:
    """The first notes with which something went wrong, and why."""
    more = [f"    … and {len(notes) - most} more"] if len(notes) > most else []
    return [
        *(f"    [red]failed[/red] {escape(each['path'])}: {escape(each['reason'])}" for each in notes[:most]),
        *more,
    ]


def estimate(each: Mapping[str, Any]) -> str:
    """What is said before anything begins."""
    found = each["estimate"] or each["estimate_now"]
    lines = [f"{found['notes']} notes; {found['sampled']} of them were looked at to estimate the rest:"]
    for name, shown in (("candidates", "suggestions"), ("requests", "requests to models"), ("tokens", "tokens")):
        lines.append(f"  about {_range(found[name], 0)} {shown}" if found[name] else f"  {shown}: not known yet")
    lines.append(f"  about {_hours(found['hours'])} of work, time for others not counted")
    return "\n".join(lines)


def _range(found: Mapping[str, float], digits: int) -> str:
    mean, low, high = (f"{found[name]:,.{digits}f}" for name in ("mean", "low", "high"))
    return mean if low == high else f"{mean} ({low} to {high})"


def _hours(hours: Mapping[str, float] | None) -> str:
    if not hours:
        return "an unknown time"
    if hours["high"] < 1.5:
        return f"{_range({name: 60 * value for name, value in hours.items()}, 1)} minutes"
    return f"{_range(hours, 1)} hours"


def question(each: Mapping[str, Any], number: int, total: int) -> str:
    """One suggestion to be judged."""
    score = "" if each["score"] is None else f", score {each['score']:.2f}"
    kind = each["relation"] or each["kind"]
    head = f"[bold]{number} of {total}[/bold]  {escape(each['path'])}  →  [bold]{escape(each['target'] or each['kind'])}[/bold]"
    reason = f"\n   {escape(' '.join(each['reason'].split()))}" if each["reason"] else ""
    # A link's own line stands in the section that is written around it; its reason tells as much.
    change = (
        "" if each["kind"] == "link" else "\n".join(f"   [green]+ {escape(x)}[/green]" for x in _added(each["edit"]))
    )
    return f"{head}  [dim]{kind}{score}[/dim]{reason}" + (f"\n{change}" if change else "")


def _added(edit: Mapping[str, Any], most: int = 8) -> list[str]:
    lines = [line for line in edit["after"].split("\n") if line.strip()]
    return [*lines[:most], *(["…"] if len(lines) > most else [])]


def judgement(told: Mapping[str, Any]) -> str:
    """The precision with its interval, and the threshold that is proposed, by kind."""
    return "\n".join(_kind(each) for each in told["kinds"])


def _kind(each: Mapping[str, Any]) -> str:
    head = f"[bold]{each['kind']}[/bold]: {each['found']} found, precision {_precision(each['precision'])}"
    if each["threshold"] is None:
        return f"{head}\n   no threshold is good enough: only what you said yes to would be applied"
    above = f"{each['above']} of them, precision {_precision(each['precision_above'])}"
    return f"{head}\n   proposed threshold [bold]{each['threshold']:.3g}[/bold]: {above}"


def _precision(found: Mapping[str, Any]) -> str:
    if not found["judged"]:
        return "unknown"
    low, high = found["interval"]
    return f"{found['mean']:.0%} (95 % interval {low:.0%} to {high:.0%}, {found['judged']} judged)"
