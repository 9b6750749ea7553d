"""Proposed properties, from the route to the bytes in the note: a real vault and application, made-up vectors."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus
from tests.composed import Build

NOTES = {
    "Чай.md": "---\ntags: [чай] # мои\n---\nТекст о чае.\n",
    "Broken.md": "---\ntags: [a\n---\nText.\n",
    "Templates/T.md": "---\ntags: [a]\n---\nText.\n",
}


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    famulus = build(NOTES)
    await famulus.catch_up()
    return famulus


async def propose(client: httpx.AsyncClient, path: str = "Чай.md", dry_run: bool = False, **body: Any) -> Any:
    response = await client.post("/api/suggestions", json={"path": path, **body}, params={"dry_run": dry_run})
    assert response.status_code == 200, response.text
    return response.json()["suggestions"]


async def test_from_a_proposal_to_the_note_and_back(client: httpx.AsyncClient, root: Path) -> None:
    [made] = await propose(client, tags=["#улун"], description="Заметка: чай", reason="Так сказал сценарий.")
    assert (made["kind"], made["state"], made["target"]) == ("properties", "pending", None)
    assert made["reason"] == "Так сказал сценарий." and made["edit"]["span"]["unit"] == "utf16"
    assert (root / "Чай.md").read_text(encoding="utf-8") == NOTES["Чай.md"], "nothing is written before it is accepted"
    done = await client.post(f"/api/suggestions/{made['id']}/accept")
    assert done.json()["suggestion"]["state"] == "applied"
    now = '---\ntags: [чай, улун] # мои\ndescription: "Заметка: чай"\n---\nТекст о чае.\n'
    assert (root / "Чай.md").read_text(encoding="utf-8") == now
    [entry] = (await client.get("/api/journal")).json()["entries"]
    assert entry["feature"] == "properties"
    await client.post("/api/journal/undo", json={"feature": "properties"})
    assert (root / "Чай.md").read_text(encoding="utf-8") == NOTES["Чай.md"]
    [again] = await propose(client, tags=["улун"], description="Заметка: чай")
    assert again["state"] == "rejected", "what was undone is not proposed again"


async def test_two_proposals_wait_beside_each_other(client: httpx.AsyncClient) -> None:
    await propose(client, tags=["улун"])
    await propose(client, tags=["пуэр"])
    waiting = (await client.get("/api/suggestions", params={"kind": "properties"})).json()["suggestions"]
    assert sorted(each["detail"]["tags"] for each in waiting) == ["пуэр", "улун"]
    answer = await client.post("/api/suggestions/accept", json={"ids": [each["id"] for each in waiting]})
    assert [each["state"] for each in answer.json()["results"]] == ["applied", "applied"]


async def test_links_that_are_computed_anew_leave_proposals_alone(client: httpx.AsyncClient) -> None:
    [made] = await propose(client, tags=["улун"])
    assert await propose(client) == []
    waiting = (await client.get("/api/suggestions")).json()["suggestions"]
    assert [each["id"] for each in waiting] == [made["id"]]


async def test_a_dry_run_keeps_nothing(client: httpx.AsyncClient, famulus: Famulus) -> None:
    assert len(await propose(client, dry_run=True, description="New")) == 1
    assert famulus.inbox.list() == []


async def test_what_the_note_has_already_is_an_empty_answer(client: httpx.AsyncClient, famulus: Famulus) -> None:
    assert await propose(client, tags=["Чай"]) == [] and famulus.inbox.list() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "Чай.md", "tags": ["two words"]}, 400, "bad_property"),
        ({"path": "Чай.md", "description": ""}, 400, "bad_property"),
        ({"path": "Чай.md", "description": "two\nlines"}, 400, "bad_property"),
        ({"path": "Чай.md", "tags": "a"}, 422, "invalid_shape"),
        ({"path": "Чай.md", "description": "x" * 5000}, 422, "invalid_shape"),
        ({"path": "Broken.md", "tags": ["b"]}, 409, "properties"),
        ({"path": "Templates/T.md", "tags": ["b"]}, 409, "write_refused"),
        ({"path": "None.md", "tags": ["b"]}, 404, "note_not_found"),
    ],
)
async def test_what_can_not_be_proposed(
    client: httpx.AsyncClient, famulus: Famulus, body: dict[str, Any], status: int, code: str
) -> None:
    response = await client.post("/api/suggestions", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert famulus.inbox.list() == []


async def test_a_note_that_is_gone_says_so(client: httpx.AsyncClient, root: Path) -> None:
    (root / "Чай.md").unlink()
    response = await client.post("/api/suggestions", json={"path": "Чай.md", "tags": ["b"]})
    assert response.json()["error"]["code"] == "note_not_found"


async def test_a_proposal_is_told_and_goes_with_its_note(
    client: httpx.AsyncClient, famulus: Famulus, root: Path
) -> None:
    told: list[str] = []
    famulus.bus.listen(lambda event: told.append(event.name))
    await propose(client, tags=["улун"])
    await propose(client, tags=["улун"], dry_run=True)
    assert told.count("suggestion.new") == 1
    (root / "Напитки").mkdir()
    (root / "Чай.md").rename(root / "Напитки/Чай.md")
    famulus.indexer.look(["Чай.md", "Напитки/Чай.md"])
    assert [each.path for each in famulus.inbox.list("pending")] == ["Напитки/Чай.md"]
