"""The inbox over HTTP: a real vault, state and application; the suggestions are those that properties make."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.decisions import Write
from agents.suggestion import Suggestion
from daemon.app import build_app
from daemon.compose import Famulus, compose
from daemon.config import LinkingSection, NotesSection, Settings, WritingSection
from tests.fakes.embedder import WordEmbedder
from vault_sync.paths import VaultPath
from vault_sync.properties import wanted

NOTES = {"Чай/Улун.md": "Текст о чае.\n", "Чай/Пуэр.md": "Ещё о чае.\n", "Tea.md": "On tea.\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in NOTES.items():
        file = tmp_path / "vault" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "vault"


@pytest.fixture
async def famulus(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Famulus]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("daemon.engines.host._build_embedder", lambda *_: WordEmbedder())
    built = compose(
        Settings(
            vault=root,
            data_dir=tmp_path / "data",
            notes=NotesSection(polling=True),
            writing=WritingSection(settle_seconds=0),
            linking=LinkingSection(threshold={"properties": 0.6}),
        )
    )
    await built.catch_up()
    yield built
    await built.close()


@pytest.fixture
async def http(famulus: Famulus) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(famulus, serve=False), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {famulus.token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        yield client


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


async def found(http: httpx.AsyncClient, **params: Any) -> Any:
    response = await http.get("/api/suggestions", params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_list_narrows_and_comes_in_pages(famulus: Famulus, http: httpx.AsyncClient) -> None:
    best, middle, least = fill_all(famulus)
    listed = await found(http)
    assert [each["id"] for each in listed["suggestions"]] == [least.id, middle.id, best.id], "by note"
    assert (listed["total"], listed["hidden"]) == (3, 0)
    second = await found(http, limit=1, offset=1)
    assert [each["id"] for each in second["suggestions"]] == [middle.id] and second["total"] == 3
    narrow = await found(http, folder="Чай", min_score=0.5, max_score=0.8, kind="properties")
    assert [each["id"] for each in narrow["suggestions"]] == [middle.id]
    assert (await found(http, target="Tea.md"))["total"] == 0
    assert (await found(http, folder="Чай/Улун.md"))["total"] == 1
    assert (await http.get("/api/suggestions", params={"folder": "../x"})).status_code == 400


async def test_many_are_accepted_in_one_run_that_can_be_undone(
    famulus: Famulus, http: httpx.AsyncClient, root: Path
) -> None:
    best, middle, least = fill_all(famulus)
    answer = (await http.post("/api/suggestions/accept", json={"folder": "Чай/", "min_score": 0.4})).json()
    assert (answer["count"], answer["done"]) == (2, 2)
    assert {each["state"] for each in answer["results"]} == {"applied"}
    assert "tag9" in (root / "Чай/Улун.md").read_text(encoding="utf-8")
    undone = (await http.post("/api/journal/undo", json={"run": answer["run"]})).json()["results"]
    assert {each["outcome"] for each in undone} == {"undone"}
    assert {path: (root / path).read_text(encoding="utf-8") for path in NOTES} == NOTES
    assert {famulus.inbox.get(each.id).state for each in (best, middle)} == {"rejected"}, "an undo is a no"
    assert famulus.inbox.get(least.id).state == "pending"


async def test_an_undo_that_is_undone_is_a_yes(famulus: Famulus, http: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    await http.post("/api/suggestions/accept", json={"ids": [best.id]})
    await http.post("/api/journal/undo", json={"feature": "properties"})
    assert famulus.inbox.get(best.id).state == "rejected"
    await http.post("/api/journal/undo", json={"feature": "undo"})
    assert famulus.inbox.get(best.id).state == "applied"


async def test_what_the_user_took_back_by_hand_before_the_undo_is_a_no_too(
    famulus: Famulus, http: httpx.AsyncClient, root: Path
) -> None:
    best = fill_all(famulus)[0]
    await http.post("/api/suggestions/accept", json={"ids": [best.id]})
    (root / best.path).write_text(NOTES[best.path], encoding="utf-8")
    [undone] = (await http.post("/api/journal/undo", json={"feature": "properties"})).json()["results"]
    assert undone["outcome"] == "nothing"
    assert famulus.inbox.get(best.id).state == "rejected"


async def test_a_bulk_has_to_say_what_it_means(famulus: Famulus, http: httpx.AsyncClient) -> None:
    fill_all(famulus)
    for body in ({}, {"folder": ""}, {"folder": "/"}, {"state": "pending"}, {"ids": ["a"], "folder": "Чай"}):
        for action in ("accept", "reject", "restore"):
            answer = await http.post(f"/api/suggestions/{action}", json=body)
            assert answer.status_code == 400, (action, body)
    assert (await http.post("/api/suggestions/accept", json={"fodler": "Чай"})).status_code == 422
    assert (await found(http))["total"] == 3
    assert (await http.post("/api/suggestions/reject", json={"everything": True})).json()["done"] == 3


async def test_a_dry_run_decides_nothing(famulus: Famulus, http: httpx.AsyncClient) -> None:
    fill_all(famulus)
    answer = (await http.post("/api/suggestions/accept", json={"folder": "Чай", "dry_run": True})).json()
    assert (answer["count"], answer["done"]) == (2, 0)
    assert (await found(http))["total"] == 3


async def test_many_rejections_can_be_taken_back(famulus: Famulus, http: httpx.AsyncClient) -> None:
    fill_all(famulus)
    assert (await http.post("/api/suggestions/reject", json={"kind": "properties"})).json()["done"] == 3
    assert (await found(http))["total"] == 0
    assert (await http.post("/api/suggestions/restore", json={"kind": "properties"})).json()["done"] == 3
    assert (await found(http))["total"] == 3
    again = (await http.post("/api/suggestions/restore", json={"ids": [fill_all(famulus)[0].id]})).json()
    assert again["done"] == 0 and again["results"][0]["code"] == "suggestion"


async def test_each_of_many_is_answered_for_itself(famulus: Famulus, http: httpx.AsyncClient, root: Path) -> None:
    best, middle, _ = fill_all(famulus)
    (root / middle.path).unlink()
    body = {"ids": [best.id[:8], "nothing", middle.id]}
    answer = (await http.post("/api/suggestions/accept", json=body)).json()
    assert [each["state"] for each in answer["results"]] == ["applied", None, None]
    assert [each.get("code") for each in answer["results"]] == [None, "suggestion_not_found", "stale"]
    assert answer["done"] == 1
    rejected = (await http.post("/api/suggestions/reject", json=body)).json()["results"]
    assert [each["state"] for each in rejected] == [None, None, "rejected"], "what is stale can be refused"


async def test_what_was_mostly_refused_is_hidden_and_nothing_is_lost(famulus: Famulus, http: httpx.AsyncClient) -> None:
    best, middle, least = fill_all(famulus)
    teach(famulus, 0.5)
    listed = await found(http)
    assert [each["id"] for each in listed["suggestions"]] == [best.id]
    assert (listed["total"], listed["hidden"]) == (1, 2)
    everything = await found(http, hidden=True)
    assert {each["id"]: each["hidden"] for each in everything["suggestions"]} == {
        **{least.id: True, middle.id: True, best.id: False}
    }
    dry = {"kind": "properties", "dry_run": True}
    assert (await http.post("/api/suggestions/accept", json=dry)).json()["count"] == 1
    assert (await http.post("/api/suggestions/accept", json={**dry, "hidden": True})).json()["count"] == 3


async def test_the_summary_says_what_was_taught_and_it_can_be_reset(famulus: Famulus, http: httpx.AsyncClient) -> None:
    fill_all(famulus)
    teach(famulus, 0.5)
    summary = (await http.get("/api/suggestions/summary")).json()
    assert {(each["state"], each["count"], each["hidden"]) for each in summary["counts"]} == {
        ("pending", 3, 2),
        ("rejected", 12, 0),
    }
    [bar] = summary["thresholds"]
    assert (bar["kind"], bar["chosen"], bar["hidden_to"]) == ("properties", 0.6, 0.5)
    assert bar["hidden_decisions"] == {"decided": 12, "refused": 12}
    reset = (await http.post("/api/suggestions/thresholds/reset", json={"kind": "properties"})).json()
    assert reset["thresholds"][0]["hidden_to"] is None
    assert (await found(http))["total"] == 3
    assert (await found(http, state="rejected"))["total"] == 12, "what was refused stays refused"


async def test_what_was_written_by_itself_and_undone_is_a_no(famulus: Famulus, http: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    digest = await famulus.applier.apply(best.edit, feature="properties", run="auto")
    famulus.inbox.wrote([best], Write("auto", digest, silent=True))
    assert famulus.inbox.get(best.id).state == "applied"
    await http.post("/api/journal/undo", json={"run": "auto"})
    assert famulus.inbox.get(best.id).state == "rejected"


async def test_decisions_are_told(famulus: Famulus, http: httpx.AsyncClient) -> None:
    best = fill_all(famulus)[0]
    heard = []
    famulus.bus.listen(lambda event: heard.append((event.name, event.data.get("state"))))
    await http.post(f"/api/suggestions/{best.id[:10]}/reject")
    await http.post(f"/api/suggestions/{best.id}/restore")
    assert heard == [("suggestion.decided", "rejected"), ("suggestion.decided", "pending")]
