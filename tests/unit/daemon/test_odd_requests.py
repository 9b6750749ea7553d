"""Requests that no client means: each is refused, or answered as if there were nothing, and never an error of ours."""

import json
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus
from tests.composed import Build

BEYOND = 2**70
HALF = "\ud800"


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    made = build({"Tea.md": "# Tea\n\nSencha is steamed.\n"})
    await made.catch_up()
    return made


@pytest.mark.parametrize(
    ("route", "status"),
    [
        ("/api/search?q=sencha&after=0001-01-01", 200),
        ("/api/search?q=sencha&before=9999-12-31", 200),
        ("/api/why?q=sencha&path=Tea.md&after=0001-01-01&before=9999-12-31", 200),
        ("/api/journal?day=0001-01-01", 200),
        ("/api/journal?day=9999-12-31", 200),
        (f"/api/journal/{BEYOND}", 422),
        ("/api/journal/-1", 422),
        (f"/api/suggestions?offset={BEYOND}", 200),
    ],
)
async def test_days_and_numbers_at_the_ends(client: httpx.AsyncClient, route: str, status: int) -> None:
    answer = await client.get(route)
    assert answer.status_code == status, answer.text
    if "search" in route:
        assert [each["path"] for each in answer.json()["results"]] == ["Tea.md"]


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("/api/journal/undo", {"ids": [BEYOND]}, 422),
        ("/api/journal/undo", {"ids": list(range(300_000))}, 422),
        ("/api/journal/undo", {"day": "9999-12-31"}, 200),
        ("/api/journal/undo", {"day": "0001-01-01"}, 200),
        ("/api/journal/undo", {"run": HALF}, 400),
        ("/api/suggestions", {"path": HALF}, 400),
        ("/api/suggestions/accept", {"ids": [HALF]}, 400),
        ("/api/plugin/edits", {"plugin": "abcdefgh", "id": "9" * 40, "outcome": "applied", "hash": "x"}, 200),
        ("/v1/chat/completions", {"model": "famulus", "famulus": {"path": HALF}}, 400),
        ("/v1/chat/completions", {"model": "famulus", "famulus": {"tag": HALF}}, 400),
    ],
)
async def test_bodies_that_no_client_means(
    client: httpx.AsyncClient, route: str, body: dict[str, Any], status: int
) -> None:
    turns = {"messages": [{"role": "user", "content": "Where is sencha steamed?"}]} if route.startswith("/v1") else {}
    answer = await client.post(
        route, content=json.dumps({**turns, **body}), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["error"]["code"] in ("bad_path", "bad_request")
