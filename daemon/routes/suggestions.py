"""`/api/suggestions`: list, make, accept, reject."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from agents.inbox.choice import Choice
from agents.inbox.suggestion import Suggestion
from daemon import wire
from daemon import wire_inbox as inboxwire
from daemon.compose import Famulus
from daemon.linking.autolink import new_run
from daemon.linking.deciding import Action, Summary
from vault_sync.paths import vault_path

_WOULD: dict[Action, Literal["applied", "rejected", "pending"]] = {
    "accept": "applied",
    "reject": "rejected",
    "restore": "pending",
}


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/suggestions", tags=["suggestions"])
    _add_questions(routes, famulus)
    _add_many(routes, famulus)

    @routes.post("/{suggestion}/accept")
    async def accept(suggestion: str) -> Any:
        """Write this suggestion into its note. 409 where the note was changed since."""
        return await _one(famulus, await famulus.deciding.accept(suggestion))

    @routes.post("/{suggestion}/reject")
    async def reject(suggestion: str) -> Any:
        """Refuse this suggestion; it is not made again."""
        return await _one(famulus, famulus.deciding.reject(suggestion))

    @routes.post("/{suggestion}/restore")
    async def restore(suggestion: str) -> Any:
        """Take the rejection of this suggestion back: it waits again."""
        return await _one(famulus, famulus.deciding.restore(suggestion))

    return routes


def _add_questions(routes: APIRouter, famulus: Famulus) -> None:
    @routes.get("")
    async def suggestions(
        state: Literal["pending", "accepted", "rejected", "stale", "applied", "any"] = "pending",
        folder: str = "",
        kind: str = "",
        target: str = "",
        min_score: float | None = None,
        max_score: float | None = None,
        hidden: bool = False,
        limit: Annotated[int, Query(ge=0, le=10_000)] = 1000,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Any:
        """Suggestions in a state (`any` for all), by note, best first; `total` counts them all.

        `folder` may be a note too. What was taught to be not worth showing is left out and counted in `hidden`, unless
        `hidden=true` asks for it. `context` is the text around the place, where the change is one within a line.
        """
        paths = inboxwire.folder_of(folder), kind, inboxwire.folder_of(target)
        choice = Choice((), None if state == "any" else state, *paths, min_score, max_score)
        page = await asyncio.to_thread(lambda: famulus.deciding.page(choice, hidden=hidden, limit=limit, offset=offset))
        shown = await _json(famulus, page.suggestions)
        return {"suggestions": shown, "total": page.total, "hidden": page.hidden}

    @routes.get("/summary")
    async def summary() -> Any:
        """How many suggestions there are by kind and state, how many of them are shown by folder, and the thresholds.

        Per kind: `chosen` by the user (null for none), `hidden_to` the score up to which suggestions are not shown,
        `applied_from` the score from which on mode `auto` may write, each with the decisions that taught it.
        """
        found = await asyncio.to_thread(famulus.deciding.summary)
        return inboxwire.summary(found, famulus.deciding.bars())

    @routes.post("/thresholds/reset")
    async def reset(body: inboxwire.KindBody) -> Any:
        """Forget what was taught of a kind until now. What was refused stays refused."""
        famulus.gate.decisions.reset(body.kind)
        return inboxwire.summary(Summary(), famulus.deciding.bars())

    @routes.post("")
    async def suggest(body: wire.SuggestBody, dry_run: bool = False) -> Any:
        """Compute what Famulus proposes for one note now, or propose these tags and this description for it.

        They wait in the inbox unless it is a dry run. A proposal that the note has already is an empty list.
        """
        goal = body.goal()
        note = famulus.known_note(vault_path(body.path), "links" if goal is None else "notes")
        if body.section is not None:
            found = await famulus.sectioning.suggest(note.path, keep=not dry_run, name=body.section)
        elif goal is None:
            found = await famulus.linking.suggest(note.path, keep=not dry_run)
            found += await famulus.enriching.suggest(note.path, keep=not dry_run)
            found += await famulus.sectioning.suggest(note.path, keep=not dry_run)
        else:
            found = await famulus.proposing.propose(note.path, goal, body.reason, keep=not dry_run)
        return {"suggestions": await _json(famulus, found)}


def _add_many(routes: APIRouter, famulus: Famulus) -> None:
    async def decide(action: Action, body: inboxwire.DecideBody) -> Any:
        deciding = famulus.deciding
        choice = body.choice()
        ids = await asyncio.to_thread(
            lambda: deciding.chosen(action, choice, everything=body.everything, hidden=body.hidden)
        )
        if body.dry_run:
            known = [famulus.inbox.get(each) for each in ids] if body.ids else famulus.inbox.load(ids)
            return inboxwire.would(known, _WOULD[action])
        run = (body.run or new_run()) if action == "accept" else ""
        return inboxwire.outcomes(await deciding.decide(action, ids, run), run)

    @routes.post("/accept")
    async def accept_many(body: inboxwire.DecideBody) -> Any:
        """Accept several, in one run of the journal; each is answered for itself."""
        return await decide("accept", body)

    @routes.post("/reject")
    async def reject_many(body: inboxwire.DecideBody) -> Any:
        """Reject several."""
        return await decide("reject", body)

    @routes.post("/restore")
    async def restore_many(body: inboxwire.DecideBody) -> Any:
        """Take the rejection of several back."""
        return await decide("restore", body)


async def _one(famulus: Famulus, done: Suggestion) -> dict[str, Any]:
    return {"suggestion": (await _json(famulus, [done]))[0]}


async def _json(famulus: Famulus, found: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """Each beside the text of its note; a note is read once."""
    paths = {each.path for each in found}
    data = await asyncio.to_thread(lambda: {path: famulus.read(path) for path in paths})
    shows = famulus.deciding.shows
    return [inboxwire.suggestion(each, data[each.path], shown=shows(each)) for each in found]
