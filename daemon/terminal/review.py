"""`famulus review`: the inbox on the command line."""

import argparse
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from agents.errors import BadRequestError
from daemon.config import Settings
from daemon.terminal import reviewing, reviewshow
from daemon.terminal.client import Client, connect
from daemon.terminal.printing import Terminal
from daemon.terminal.progress import Steps

console = Terminal(highlight=False, soft_wrap=True)

_PORTION = 100


async def review(arguments: argparse.Namespace, settings: Settings) -> int:
    """Go through the inbox on a terminal, or do what the action says."""
    action = "why" if arguments.why else arguments.action
    if action is None:
        action = "list" if arguments.json or not _interactive() else "sitting"
    async with connect(settings, quiet=arguments.json) as client:
        if action == "sitting":
            return await _sit(client, arguments)
        if action in ("accept", "reject", "restore"):
            return await _decide(client, action, arguments)
        if action == "why":
            data = await client.get("/api/suggestions/summary")
            return console.answer(data, reviewshow.why(data), as_json=arguments.json)
        if action == "reset":
            data = await client.post("/api/suggestions/thresholds/reset", {"kind": arguments.of_kind})
            return console.answer(
                data,
                f"What you decided on {arguments.of_kind!r} until now teaches nothing more.",
                as_json=arguments.json,
            )
        data = await client.get("/api/suggestions", **_query(arguments))
    return console.answer(data, reviewshow.listed(data), as_json=arguments.json)


def _interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _narrowed(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("folder", "kind", "target", "min_score", "max_score")
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name, None) not in (None, "")}


def _query(arguments: argparse.Namespace) -> dict[str, Any]:
    state = getattr(arguments, "state", "pending")
    given = {"state": "any" if state == "all" else state, "hidden": getattr(arguments, "hidden", False)}
    pages = {name: getattr(arguments, name) for name in ("limit", "offset") if hasattr(arguments, name)}
    return _narrowed(arguments) | given | pages


async def _sit(client: Client, arguments: argparse.Namespace) -> int:
    sitting = reviewing.Reviewing(client, _ask, console.print, _narrowed(arguments))
    await sitting.run()
    left = await client.get("/api/suggestions", limit=0)
    console.print(reviewing.ending(sitting.counts, left["total"]))
    return 0


def _ask() -> str:
    # The event loop's own handler would only take note of Ctrl-C, and the question would stay.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return console.input(reviewing.PROMPT)
    finally:
        signal.signal(signal.SIGINT, before)


async def _decide(client: Client, action: str, arguments: argparse.Namespace) -> int:
    path, ids = f"/api/suggestions/{action}", arguments.ids
    found = [{"id": each, "path": ""} for each in ids]
    if arguments.dry_run or not ids or _narrowed(arguments):
        flags = {name: True for name in ("everything", "hidden") if getattr(arguments, name)}
        body = {"ids": ids, "state": arguments.state, "dry_run": True} | _narrowed(arguments) | flags
        plan = await client.post(path, body)
        if arguments.dry_run:
            return console.answer(
                plan, f"{reviewshow.planned(plan, action)}: nothing was decided.", as_json=arguments.json
            )
        if not plan["count"]:
            return console.answer(plan, "Nothing fits.", as_json=arguments.json)
        if not (arguments.yes or _confirmed(reviewshow.planned(plan, action), arguments)):
            console.print("Nothing was decided.")
            return 1
        found = plan["results"]
    answer = await _in_portions(client, path, portions(found), quiet=arguments.json)
    console.answer(answer, reviewshow.decided(answer, action), as_json=arguments.json)
    return 0 if answer["done"] == answer["count"] else 1


def portions(found: Iterable[Mapping[str, str]]) -> list[list[str]]:
    """The ids a few at a time, but never what is for one note in two portions: that is one write. They come by note."""
    whole: list[list[str]] = []
    for _, of_note in groupby(found, key=lambda each: each["path"] or each["id"]):
        if not whole or len(whole[-1]) >= _PORTION:
            whole.append([])
        whole[-1] += [each["id"] for each in of_note]
    return whole


async def _in_portions(client: Client, path: str, some: Sequence[Sequence[str]], *, quiet: bool) -> dict[str, Any]:
    """Decide a few with each call, all in one run: many may take longer than a call should."""
    whole: dict[str, Any] = {"count": 0, "done": 0, "run": "", "results": []}
    with Steps(shown=not quiet and len(some) > 1) as steps:
        for ids in some:
            answer = await client.post(path, {"ids": ids, "run": whole["run"]})
            whole = answer | {name: whole[name] + answer[name] for name in ("count", "done", "results")}
            steps.update(whole["count"], sum(map(len, some)), "Suggestions")
    return whole


def _confirmed(question: str, arguments: argparse.Namespace) -> bool:
    """Asks on a terminal. Raises BadRequestError where there is nobody to be asked."""
    if arguments.json or not _interactive():
        raise BadRequestError(
            "Nothing was decided.", f"It would {question[:1].lower()}{question[1:]}.", "Add `--yes`, or name ids."
        )
    try:
        return console.input(f"{question}? [y/N] ", markup=False).strip().casefold() in ("y", "yes")
    except EOFError:
        return False
