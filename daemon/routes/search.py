"""`/api/search`, `/api/why` and `/api/related`."""

import asyncio
from datetime import date
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from agents.errors import BadRequestError
from daemon import wire
from daemon.compose import Famulus
from daemon.evaluation.explaining import explain
from vault_sync.paths import vault_path
from vault_sync.search.filter import Filter


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api", tags=["search"])

    @routes.get("/search")
    async def search(
        q: str,
        k: Annotated[int, Query(ge=1, le=100)] = 10,
        mode: Literal["hybrid", "lexical", "dense"] = "hybrid",
        folder: str = "",
        tag: str = "",
        after: date | None = None,
        before: date | None = None,
        rerank: bool | None = None,
    ) -> wire.SearchResults:
        """Passages that fit the question, by words and by meaning; `after` and `before` are days of change.

        Where an engine has the role `reranker` it orders the first passages, unless `rerank` is false.
        """
        if not q.strip():
            raise BadRequestError("Nothing was searched.", "`q` is empty.", "Give some words or a question.")
        if rerank and famulus.reranker is None:
            raise BadRequestError(
                "Nothing was searched.", "No engine reranks.", "Name one as reranker = … in [roles] of famulus.toml."
            )
        narrow = Filter(folder, tag, after, before)
        search = partial(famulus.searcher.search, q, k, mode, narrow, rerank=rerank is not False)
        passages = await asyncio.to_thread(search)
        return wire.search_results(passages)

    @routes.get("/why")
    async def why(
        q: str,
        path: str,
        folder: str = "",
        tag: str = "",
        after: date | None = None,
        before: date | None = None,
    ) -> wire.Why:
        """Why a search does not find a note, given by path or title: what keeps it out, or its rank in each lane."""
        if not q.strip():
            raise BadRequestError("Nothing was searched.", "`q` is empty.", "Give some words or a question.")
        narrow = Filter(folder, tag, after, before)
        found = await asyncio.to_thread(explain, famulus, q, path, narrow)
        return wire.Why(
            query=found.query,
            path=found.path,
            verdict=found.verdict,
            reason=found.reason,
            fix=found.fix,
            alike=list(found.alike),
            changed_since=found.changed_since,
            standing=found.standing and wire.why_standing(found.standing),
        )

    @routes.get("/related")
    async def related(path: str, k: Annotated[int, Query(ge=1, le=50)] = 10) -> wire.SearchResults:
        """The neighbours of a note: the passage of each that is nearest to it."""
        note = famulus.known_note(vault_path(path), "related")
        passages = await asyncio.to_thread(famulus.linker.ranked, note.path, k)
        return wire.search_results(passages)

    return routes
