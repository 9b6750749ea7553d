"""The inbox over HTTP: a real vault, state and application; the suggestions are those that properties make."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.inbox.decisions import Write
from agents.inbox.suggestion import Suggestion
from daemon.compose import Famulus
from daemon.config import LinkingSection
from tests.composed import Build
from vault_sync.paths import VaultPath
from vault_sync.writing.journal import Images
from vault_sync.writing.properties import wanted

NOTES = {"Чай/Улун.md": "Текст о чае.\n", "Чай/Пуэр.md": "Ещё о чае.\n", "Tea.md": "On tea.\n"}


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    famulus = build(NOTES, linking=LinkingSection(threshold={"properties": 0.6}))
    await famulus.catch_up()
    return famulus


def fill(famulus: Famulus, path: str, tag: str, score: float) -> Suggestion:
    """A suggestion in the inbox, for a tag."""
    where = VaultPath(path)
    made = famulus.properties.suggest(where, famulus.read(where) or b"", wanted([tag], None), "Why not.")
    assert made is not None
    return famulus.inbox.add(replace(made, score=score))


def fill_all(famulus: Famulus) -> list[Suggestion]:
    scores = zip(NOTES, (0.9, 0.5, 0.3), strict=True)
    return [fill(famulus, path, f"tag{int(score * 10)}", score) for path, score in scores]


def teach(famulus: Famulus, score: float, times: int = 12) -> None:
    for number in range(times):
        famulus.inbox.reject(fill(famulus, "Tea.md", f"no/{number}a", score).id)


async def found(client: httpx.AsyncClient, **params: Any) -> Any:
    response = await client.get("/api/suggestions", params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_list_narrows_and_comes_in_pages(famulus: Famulus, client: httpx.AsyncClient) -> None:
    best, middle, least = fill_all(famulus)
    listed = await found(client)
    assert [each["id"] for each in listed["suggestions"]] == [least.id, middle.id, best.id], "by note"
    assert (listed["total"], listed["hidden"]) == (3, 0)
    second = await found(client, limit=1, offset=1)
    assert [each["id"] for each in second["suggestions"]] == [middle.id] and second["total"] == 3
    narrow = await found(client, folder="Чай", min_score=0.5, max_score=0.8, kind="properties")
    assert [each["id"] for each in narrow["suggestions"]] == [middle.id]
    assert (await found(client, target="Tea.md"))["total"] == 0
    assert (await found(client, folder="Чай/Улун.md"))["total"] == 1
    assert (await client.get("/api/suggestions", params={"folder": "../x"})).status_code == 400


async def test_many_are_accepted_in_one_run_that_can_be_undone(
    famulus: Famulus, client: httpx.AsyncClient, root: Path
) -> None:
    best, middle, least = fill_all(famulus)
    answer = (await client.post("/api/suggestions/accept", json={"folder": "Чай/", "min_score": 0.4})).json()
    assert (answer["count"], answer["done"]) == (2, 2)
    assert {each["state"] for each in answer["results"]} == {"applied"}
    assert "tag9" in (root / "Чай/Улун.md").read_text(encoding="utf-8")
    undone = (await client.post("/api/journal/undo", json={"run": answer["run"]})).json()["results"]
    assert {each["outcome"] for each in undone} == {"undone"}
    assert {path: (root / path).read_text(encoding="utf-8") for path in NOTES} == NOTES
    assert {famulus.inbox.get(each.id).state for each in (best, middle)} == {"rejected"}, "an undo is a no"
    assert famulus.inbox.get(least.id).state == "pending"


async def test_an_undo_that_is_undone_is_a_yes(famulus: Famulus, client: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    await client.post("/api/suggestions/accept", json={"ids": [best.id]})
    await client.post("/api/journal/undo", json={"feature": "properties"})
    assert famulus.inbox.get(best.id).state == "rejected"
    await client.post("/api/journal/undo", json={"feature": "undo"})
    assert famulus.inbox.get(best.id).state == "applied"


async def test_what_the_user_took_back_by_hand_before_the_undo_is_a_no_too(
    famulus: Famulus, client: httpx.AsyncClient, root: Path
) -> None:
    best = fill_all(famulus)[0]
    await client.post("/api/suggestions/accept", json={"ids": [best.id]})
    (root / best.path).write_text(NOTES[best.path], encoding="utf-8")
    [undone] = (await client.post("/api/journal/undo", json={"feature": "properties"})).json()["results"]
    assert undone["outcome"] == "nothing"
    assert famulus.inbox.get(best.id).state == "rejected"


async def test_a_bulk_has_to_say_what_it_means(famulus: Famulus, client: httpx.AsyncClient) -> None:
    fill_all(famulus)
    for body in ({}, {"folder": ""}, {"folder": "/"}, {"state": "pending"}, {"ids": ["a"], "folder": "Чай"}):
        for action in ("accept", "reject", "restore"):
            answer = await client.post(f"/api/suggestions/{action}", json=body)
            assert answer.status_code == 400, (action, body)
    assert (await client.post("/api/suggestions/accept", json={"fodler": "Чай"})).status_code == 422
    assert (await found(client))["total"] == 3
    assert (await client.post("/api/suggestions/reject", json={"everything": True})).json()["done"] == 3


async def test_a_dry_run_decides_nothing(famulus: Famulus, client: httpx.AsyncClient) -> None:
    fill_all(famulus)
    answer = (await client.post("/api/suggestions/accept", json={"folder": "Чай", "dry_run": True})).json()
    assert (answer["count"], answer["done"]) == (2, 0)
    assert (await found(client))["total"] == 3


async def test_many_rejections_can_be_taken_back(famulus: Famulus, client: httpx.AsyncClient) -> None:
    fill_all(famulus)
    assert (await client.post("/api/suggestions/reject", json={"kind": "properties"})).json()["done"] == 3
    assert (await found(client))["total"] == 0
    assert (await client.post("/api/suggestions/restore", json={"kind": "properties"})).json()["done"] == 3
    assert (await found(client))["total"] == 3
    again = (await client.post("/api/suggestions/restore", json={"ids": [fill_all(famulus)[0].id]})).json()
    assert again["done"] == 0 and again["results"][0]["code"] == "suggestion"


async def test_each_of_many_is_answered_for_itself(famulus: Famulus, client: httpx.AsyncClient, root: Path) -> None:
    best, middle, _ = fill_all(famulus)
    (root / middle.path).unlink()
    body = {"ids": [best.id[:8], "nothing", middle.id]}
    answer = (await client.post("/api/suggestions/accept", json=body)).json()
    assert [each["state"] for each in answer["results"]] == ["applied", None, None]
    assert [each.get("code") for each in answer["results"]] == [None, "suggestion_not_found", "stale"]
    assert answer["done"] == 1
    rejected = (await client.post("/api/suggestions/reject", json=body)).json()["results"]
    assert [each["state"] for each in rejected] == [None, None, "rejected"], "what is stale can be refused"


async def test_what_is_for_one_note_is_one_write_and_one_undo(famulus: Famulus, client: httpx.AsyncClient) -> None:
    ids = [fill(famulus, "Tea.md", tag, 0.9).id for tag in ("one", "two", "three")]
    ids.insert(1, fill(famulus, "Чай/Улун.md", "four", 0.9).id)
    answer = (await client.post("/api/suggestions/accept", json={"ids": [*ids, "unknown"]})).json()
    assert [each["id"] for each in answer["results"]] == [*ids, "unknown"]
    assert [each["state"] for each in answer["results"]] == ["applied"] * 4 + [None]
    assert answer["results"][-1]["code"] == "suggestion_not_found"
    entries = famulus.journal.entries()
    assert sorted(entry.path for entry in entries) == ["Tea.md", "Чай/Улун.md"]
    [entry] = [entry for entry in entries if entry.path == "Tea.md"]
    undone = (await client.post("/api/journal/undo", json={"ids": [entry.id]})).json()
    assert [each["outcome"] for each in undone["results"]] == ["undone"]
    assert (famulus.read(VaultPath("Tea.md")) or b"").decode() == NOTES["Tea.md"]
    assert {famulus.inbox.get(each).state for each in (ids[0], ids[2], ids[3])} == {"rejected"}


async def test_of_one_note_each_is_answered_for_itself(famulus: Famulus, client: httpx.AsyncClient, root: Path) -> None:
    """One that the user overtook, one that waits and one that was decided before."""
    where, ids = VaultPath("Tea.md"), [fill(famulus, "Tea.md", tag, 0.9).id for tag in ("one", "two")]
    famulus.inbox.reject(ids[1])
    made = famulus.properties.suggest(where, famulus.read(where) or b"", wanted([], "About tea."), "Why not.")
    assert made is not None
    ids.append(famulus.inbox.add(made).id)
    (root / "Tea.md").write_text("---\ndescription: Mine.\n---\nOn tea.\n", encoding="utf-8")
    answer = (await client.post("/api/suggestions/accept", json={"ids": ids})).json()
    told = [(each["state"], each.get("code", "")) for each in answer["results"]]
    assert told == [("applied", ""), (None, "suggestion"), (None, "stale")]
    assert (root / "Tea.md").read_text(encoding="utf-8") == "---\ndescription: Mine.\ntags:\n  - one\n---\nOn tea.\n"
    assert answer["done"] == 1


async def test_a_write_of_several_kinds_is_found_by_each_of_them(famulus: Famulus, client: httpx.AsyncClient) -> None:
    entry = famulus.journal.intend(VaultPath("Tea.md"), Images(b"a", b"b"), feature="link+properties", run="r")
    for feature, found in (
        ("link", [entry.id]),
        ("properties", [entry.id]),
        ("lin", []),
        ("link+properties", [entry.id]),
    ):
        answer = (await client.get("/api/journal", params={"feature": feature})).json()
        assert [each["id"] for each in answer["entries"]] == found, feature


async def test_what_was_mostly_refused_is_hidden_and_nothing_is_lost(
    famulus: Famulus, client: httpx.AsyncClient
) -> None:
    best, middle, least = fill_all(famulus)
    teach(famulus, 0.5)
    listed = await found(client)
    assert [each["id"] for each in listed["suggestions"]] == [best.id]
    assert (listed["total"], listed["hidden"]) == (1, 2)
    everything = await found(client, hidden=True)
    assert {each["id"]: each["hidden"] for each in everything["suggestions"]} == {
        **{least.id: True, middle.id: True, best.id: False}
    }
    dry = {"kind": "properties", "dry_run": True}
    assert (await client.post("/api/suggestions/accept", json=dry)).json()["count"] == 1
    assert (await client.post("/api/suggestions/accept", json={**dry, "hidden": True})).json()["count"] == 3


async def test_the_summary_says_what_was_taught_and_it_can_be_reset(
    famulus: Famulus, client: httpx.AsyncClient
) -> None:
    fill_all(famulus)
    teach(famulus, 0.5)
    summary = (await client.get("/api/suggestions/summary")).json()
    assert {(each["state"], each["count"], each["hidden"]) for each in summary["counts"]} == {
        ("pending", 3, 2),
        ("rejected", 12, 0),
    }
    assert {(each["folder"], each["state"], each["count"]) for each in summary["folders"]} == {("Чай", "pending", 1)}
    [bar] = summary["thresholds"]
    assert (bar["kind"], bar["chosen"], bar["hidden_to"]) == ("properties", 0.6, 0.5)
    assert bar["hidden_decisions"] == {"decided": 12, "refused": 12}
    reset = (await client.post("/api/suggestions/thresholds/reset", json={"kind": "properties"})).json()
    assert reset["thresholds"][0]["hidden_to"] is None
    assert (await found(client))["total"] == 3
    assert (await found(client, state="rejected"))["total"] == 12, "what was refused stays refused"


async def test_what_was_written_by_itself_and_undone_is_a_no(famulus: Famulus, client: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    digest = await famulus.applier.apply(best.edit, feature="properties", run="auto")
    famulus.inbox.wrote([best], Write("auto", digest, silent=True))
    assert famulus.inbox.get(best.id).state == "applied"
    await client.post("/api/journal/undo", json={"run": "auto"})
    assert famulus.inbox.get(best.id).state == "rejected"


async def test_decisions_are_told(famulus: Famulus, client: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    heard = []
    famulus.bus.listen(lambda event: heard.append((event.name, event.data.get("state"))))
    await client.post(f"/api/suggestions/{best.id[:10]}/reject")
    await client.post(f"/api/suggestions/{best.id}/restore")
    assert heard == [("suggestion.decided", "rejected"), ("suggestion.decided", "pending")]
