"""`/api/suggestions`: list, make, accept, reject."""

from typing import Any, Literal

from fastapi import APIRouter

from daemon import wire
from daemon.compose import Famulus
from vault_sync.paths import vault_path


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/suggestions", tags=["suggestions"])

    @routes.get("")
    async def suggestions(
        state: Literal["pending", "accepted", "rejected", "stale", "applied", "any"] = "pending",
        folder: str = "",
        kind: str | None = None,
    ) -> Any:
        """Suggestions in a state (`any` for all), by note, best first."""
        found = famulus.inbox.list(None if state == "any" else state, folder, kind)
        return {"suggestions": [wire.suggestion_json(each, famulus.text_of(each.path)) for each in found]}

    @routes.post("")
    async def suggest(body: wire.SuggestBody, dry_run: bool = False) -> Any:
        """Compute the links of one note now, or propose tags and a description for it.

        They wait in the inbox unless it is a dry run. A proposal that the note has already is an empty list.
        """
        goal = body.goal()
        note = famulus.known_note(vault_path(body.path), "links" if goal is None else "notes")
        if goal is None:
            found = await famulus.linking.suggest(note.path, keep=not dry_run)
        else:
            found = await famulus.proposing.propose(note.path, goal, body.reason, keep=not dry_run)
        return {"suggestions": [wire.suggestion_json(each, famulus.text_of(each.path)) for each in found]}

    @routes.post("/accept")
    async def accept_many(body: wire.BulkBody) -> Any:
        """Accept several; each is answered for itself."""
        return {"results": [await famulus.linking.try_accept(each) for each in _named(famulus, body)]}

    @routes.post("/reject")
    async def reject_many(body: wire.BulkBody) -> Any:
        """Reject several."""
        return {"results": [famulus.linking.try_reject(each) for each in _named(famulus, body)]}

    @routes.post("/{suggestion}/accept")
    async def accept(suggestion: str) -> Any:
        """Write this suggestion into its note. 409 where the note was changed since."""
        done = await famulus.linking.accept(suggestion)
        return {"suggestion": wire.suggestion_json(done, famulus.text_of(done.path))}

    @routes.post("/{suggestion}/reject")
    async def reject(suggestion: str) -> Any:
        """Refuse this suggestion; it is not made again."""
        done = famulus.linking.reject(suggestion)
        return {"suggestion": wire.suggestion_json(done, famulus.text_of(done.path))}

    return routes


def _named(famulus: Famulus, body: wire.BulkBody) -> list[str]:
    if body.ids:
        return body.ids
    if body.folder is None and body.kind is None:
        return []
    return [each.id for each in famulus.inbox.list("pending", body.folder or "", body.kind)]
