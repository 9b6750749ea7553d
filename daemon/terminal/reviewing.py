"""`famulus review` on a terminal: one suggestion after the other, with a yes, a no or a later."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from rich.markup import escape

from daemon.terminal import reviewshow
from daemon.terminal.client import Client

Said = Literal["yes", "no", "skip", "undo", "difference", "help", "quit"]
Ask = Callable[[], str]
"""Asks the user and returns what was typed; raises EOFError or KeyboardInterrupt at the end."""
Say = Callable[[str], None]

PROMPT = "    [bold]y[/bold]es  [bold]n[/bold]o  [bold]s[/bold]kip  [bold]u[/bold]ndo  [bold]d[/bold]iff  [bold]q[/bold]uit > "
HELP = """    y  write it into the note
    n  refuse it; it is not proposed again
    s  leave it for later (or just Enter)
    u  take the last decision back
    d  show what would be written
    q  stop; all that is undecided stays in the inbox"""
_KEYS: dict[str, Said] = {
    **{"y": "yes", "yes": "yes", "n": "no", "no": "no", "": "skip", "s": "skip", "skip": "skip"},
    **{"u": "undo", "undo": "undo", "d": "difference", "diff": "difference", "q": "quit", "quit": "quit"},
}
_PAGE = 100


def understood(typed: str) -> Said:
    """What the user means; whatever is not known asks for help, and never decides anything."""
    return _KEYS.get(typed.strip().casefold(), "help")


class Reviewing:
    """One sitting: asks for each suggestion that fits and keeps count."""

    def __init__(self, client: Client, ask: Ask, say: Say, params: dict[str, Any]) -> None:
        """`params` narrow what is asked for, as the query of `/api/suggestions`."""
        self._client = client
        self._ask = ask
        self._say = say
        self._params = params
        self._last: tuple[str, str, str] | None = None
        """The id of what was decided last, how, and the run that wrote it."""
        self._seen: set[str] = set()
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Go through the inbox until it is empty or the user stops."""
        while True:
            fresh, left = await self._next()
            if not fresh:
                return
            for at, each in enumerate(fresh):
                self._seen.add(each["id"])
                self._say(reviewshow.card(each, len(self._seen), len(self._seen) + left - at - 1))
                if not await self._decided(each):
                    return

    async def _next(self) -> tuple[list[dict[str, Any]], int]:
        """The next ones that were not shown yet, and how many of those there are.

        Looked for anew from the beginning: what was decided meanwhile is gone, and may have hidden others.
        """
        offset, behind = 0, self.counts["skipped"] + self.counts["failed"]
        while True:
            page = await self._client.get("/api/suggestions", **self._params, limit=_PAGE, offset=offset)
            fresh = [each for each in page["suggestions"] if each["id"] not in self._seen]
            if fresh or not page["suggestions"]:
                return fresh, max(page["total"] - behind, len(fresh))
            offset += _PAGE

    async def _decided(self, each: dict[str, Any]) -> bool:
        """Ask until there is an answer; whether the user goes on."""
        while True:
            said = self._heard()
            if said == "quit":
                return False
            if said == "skip":
                self.counts["skipped"] += 1
                return True
            if said in ("yes", "no"):
                await self._decide(each, "accept" if said == "yes" else "reject")
                return True
            if said == "undo":
                await self._undo()
            else:
                self._say(HELP if said == "help" else reviewshow.difference(each))

    def _heard(self) -> Said:
        try:
            return understood(self._ask())
        except (EOFError, KeyboardInterrupt):
            self._say("")
            return "quit"

    async def _decide(self, each: dict[str, Any], action: str) -> None:
        answer = await self._client.post(f"/api/suggestions/{action}", {"ids": [each["id"]]})
        [result] = answer["results"]
        if result.get("code"):
            # What became stale is gone from the list, what could not be written just now still waits.
            stale = result["code"] == "stale"
            self.counts["stale" if stale else "failed"] += 1
            self._say(f"    [yellow]{escape(result['reason'] or 'It was not decided.')}[/yellow]")
            return
        self.counts["accepted" if action == "accept" else "rejected"] += 1
        self._last = each["id"], action, answer["run"]

    async def _undo(self) -> None:
        if self._last is None:
            self._say("    There is nothing to take back.")
            return
        suggestion, action, run = self._last
        if action == "accept":
            await self._client.post("/api/journal/undo", {"run": run})
        answer = await self._client.post("/api/suggestions/restore", {"ids": [suggestion]})
        self._last = None
        if not answer["done"]:
            self._say("    It could not be taken back; `famulus undo` says why.")
            return
        self.counts["accepted" if action == "accept" else "rejected"] -= 1
        self.counts["skipped"] += 1
        self._say("    Taken back. It waits in the inbox.")


def ending(counts: Counter[str], left: int) -> str:
    """What a sitting came to."""
    done = [f"{counts[name]} {name}" for name in ("accepted", "rejected", "skipped", "stale", "failed") if counts[name]]
    waiting = f"{left} {'waits' if left == 1 else 'wait'} in the inbox." if left else "The inbox is empty."
    return f"\n{', '.join(done).capitalize() + '. ' if done else ''}{waiting}"
