"""`famulus review`: the inbox on the command line."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from agents.errors import BadRequestError
from daemon import reviewing, reviewshow
from daemon.client import Client, connect
from daemon.config import Settings
from daemon.progress import Steps

console = Console(highlight=False, soft_wrap=True)

_PORTION = 100
_STATES = ("pending", "applied", "rejected", "stale", "all")


def add_arguments(review: argparse.ArgumentParser, late: argparse.ArgumentParser) -> None:
    """The actions and their flags; `late` holds the flags of all commands for behind an action."""
    _filters(review)
    review.add_argument("--why", action="store_true", help="say what is shown and written, and what taught it")
    actions = review.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="show suggestions", parents=[late])
    listed.add_argument("--state", choices=_STATES, default="pending")
    listed.add_argument("--limit", type=int, default=200, help="how many (default 200)")
    listed.add_argument("--offset", type=int, default=0, help="how many to leave out before them")
    listed.add_argument("--all", "--hidden", dest="hidden", action="store_true", help="also those with too low a score")
    _filters(listed)
    for name, text in (
        ("accept", "write suggestions into their notes"),
        ("reject", "refuse suggestions for good"),
        ("restore", "take rejections back: the suggestions wait again"),
    ):
        _decision(actions.add_parser(name, help=text, parents=[late]))
    actions.add_parser("why", help="say what is shown and written, and what taught it", parents=[late])
    reset = actions.add_parser("reset", help="forget what your decisions taught about a kind", parents=[late])
    reset.add_argument("of_kind", metavar="KIND")


def _filters(command: argparse.ArgumentParser) -> None:
    suppressed: Any = argparse.SUPPRESS
    command.add_argument("--folder", default=suppressed, help="only for notes in this folder, or this note")
    command.add_argument("--kind", default=suppressed, help="only this kind (link, mention, properties, …)")
    command.add_argument("--target", default=suppressed, metavar="PATH", help="only links to this note")
    command.add_argument("--min-score", type=float, default=suppressed, help="only with this score or a higher one")
    command.add_argument("--max-score", type=float, default=suppressed, help="only with this score or a lower one")


def _decision(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help="an id or its beginning; or say which by the flags")
    _filters(command)
    command.add_argument("--state", choices=("pending", "stale", "rejected"), help="only in this state")
    command.add_argument("--all", dest="everything", action="store_true", help="all that the list shows")
    command.add_argument("--hidden", action="store_true", help="also those with too low a score")
    command.add_argument("--yes", action="store_true", help="do not ask first")
    command.add_argument("--dry-run", action="store_true", help="say how many are meant, and decide nothing")


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
            return _output(arguments, data, reviewshow.why(data))
        if action == "reset":
            data = await client.post("/api/suggestions/thresholds/reset", {"kind": arguments.of_kind})
            return _output(
                arguments, data, f"What you decided on {arguments.of_kind!r} until now teaches nothing more."
            )
        data = await client.get("/api/suggestions", **_query(arguments))
    return _output(arguments, data, reviewshow.listed(data))


def _interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _output(arguments: argparse.Namespace, data: Any, shown: str) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        console.print(shown)
    return 0


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
    if arguments.dry_run or not ids or _narrowed(arguments):
        flags = {name: True for name in ("everything", "hidden") if getattr(arguments, name)}
        body = {"ids": ids, "state": arguments.state, "dry_run": True} | _narrowed(arguments) | flags
        plan = await client.post(path, body)
        if arguments.dry_run:
            return _output(arguments, plan, f"{reviewshow.planned(plan, action)}: nothing was decided.")
        if not plan["count"]:
            return _output(arguments, plan, "Nothing fits.")
        if not (arguments.yes or _confirmed(reviewshow.planned(plan, action), arguments)):
            console.print("Nothing was decided.")
            return 1
        ids = [each["id"] for each in plan["results"]]
    answer = await _in_portions(client, path, ids, quiet=arguments.json)
    _output(arguments, answer, reviewshow.decided(answer, action))
    return 0 if answer["done"] == answer["count"] else 1


async def _in_portions(client: Client, path: str, ids: Sequence[str], *, quiet: bool) -> dict[str, Any]:
    """Decide a few with each call, all in one run: many may take longer than a call should."""
    whole: dict[str, Any] = {"count": 0, "done": 0, "run": "", "results": []}
    with Steps(shown=not quiet and len(ids) > _PORTION) as steps:
        for begin in range(0, len(ids), _PORTION):
            answer = await client.post(path, {"ids": ids[begin : begin + _PORTION], "run": whole["run"]})
            whole = answer | {name: whole[name] + answer[name] for name in ("count", "done", "results")}
            steps.update(whole["count"], len(ids), "Suggestions")
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
