"""Why a note was not found, through the route, on a real vault with made-up vectors."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus
from daemon.config import NotesSection, RuleSection
from daemon.evaluation.explaining import asks_to_be_left_alone
from daemon.terminal import reasons
from tests.composed import Build

NOTES = {
    "Home/Чай #1 100%.md": "---\ntags: [чай]\n---\nЗелёный чай заваривают водой, которая не кипит.\n",
    "Kettle.md": "A kettle boils water for tea.\n",
    "Empty.md": "%% nothing yet %%\n",
    "Own.md": "---\nprivate: true\n---\nNobody's business.\n",
    "Diary/Day.md": "It rained.\n",
    "Work/Plan.md": "The plan.\n",
    **{f"Tea/{n}.md": f"Tea, tea and tea number {n}.\n" for n in range(20)},
}


@pytest.fixture
async def famulus(build: Build, root: Path) -> Famulus:
    (root / "Latin.md").write_bytes("Caf\xe9".encode("latin-1"))
    (root / "Away.md").symlink_to(root.parent / "elsewhere.md")
    rules = [RuleSection(paths=["Diary"], deny=["search"]), RuleSection(paths=["Kettle.md"], deny=["embed"])]
    famulus = build(NOTES, notes=NotesSection(polling=True, exclude=["Work"], rules=rules))
    await famulus.catch_up()
    return famulus


async def why(client: httpx.AsyncClient, path: str, q: str = "tea water", **narrow: str) -> Any:
    response = await client.get("/api/why", params={"q": q, "path": path, **narrow})
    assert response.status_code == 200, response.text
    data = response.json()
    assert reasons.why(data)
    return data


@pytest.mark.parametrize(
    ("path", "verdict", "told"),
    [
        ("Work/Plan.md", "excluded", "'Work'"),
        ("Work/Made up.md", "excluded", "'Work'"),
        ("Diary/Day", "excluded", "`search`"),
        ("Nowhere", "unknown", "no note"),
        ("Own.md", "unknown", "no note"),
        ("Latin.md", "failed", "UTF-8"),
        ("Away.md", "failed", "symbolic link"),
        ("Empty", "empty", "no text"),
    ],
)
async def test_what_keeps_a_note_out_is_told(client: httpx.AsyncClient, path: str, verdict: str, told: str) -> None:
    data = await why(client, path)
    assert data["verdict"] == verdict and told in data["reason"] and data["fix"], data
    assert data["standing"] is None


async def test_a_private_note_is_as_one_that_nobody_has(client: httpx.AsyncClient, famulus: Famulus) -> None:
    own, nobodys = await why(client, "Own.md"), await why(client, "Owl.md")
    assert {**own, "reason": ""} == {**nobodys, "reason": ""}
    assert own["reason"].replace("Own", "Owl") == nobodys["reason"]
    assert asks_to_be_left_alone(famulus.settings, "Own") and not asks_to_be_left_alone(famulus.settings, "Owl")
    assert "frontmatter" in reasons.private(own)


async def test_similar_names_are_offered(client: httpx.AsyncClient) -> None:
    assert (await why(client, "Kettel"))["alike"] == ["Kettle.md"]
    assert (await why(client, "Day"))["alike"] == [], "what may not be found is no suggestion"


async def test_a_note_that_was_not_read_yet(client: httpx.AsyncClient, root: Path) -> None:
    (root / "New.md").write_text("New tea.\n")
    data = await why(client, "New")
    assert (data["verdict"], data["path"]) == ("pending", "New.md")


async def test_a_note_that_changed_since(client: httpx.AsyncClient, root: Path) -> None:
    (root / "Tea/3.md").write_text("Tea, tea and more tea than before.\n")
    data = await why(client, "Tea/3.md")
    assert data["changed_since"] and data["standing"] is not None
    assert not (await why(client, "Tea/4.md"))["changed_since"]


@pytest.mark.parametrize(
    ("narrow", "told"),
    [
        ({"folder": "Tea"}, "folder 'Tea'"),
        ({"tag": "tools"}, "#tools; its tags: #чай"),
        ({"after": "2031-01-01"}, "on or after 2031-01-01"),
        ({"before": "1999-01-01"}, "on or before 1999-01-01"),
    ],
)
async def test_a_filter_that_leaves_it_out_is_named(
    client: httpx.AsyncClient, root: Path, narrow: dict[str, str], told: str
) -> None:
    os.utime(root / "Home/Чай #1 100%.md")
    data = await why(client, "Home/Чай #1 100%.md", **narrow)
    assert data["verdict"] == "filtered" and told in data["reason"]
    fits = await why(client, "Home/Чай #1 100%.md", folder="Home", tag="чай")
    assert fits["standing"]["lanes"]["dense"]["of"] == 1


async def test_a_note_that_is_found_or_outranked(client: httpx.AsyncClient) -> None:
    found = await why(client, "Чай #1 100%", "вода для чая")
    assert found["verdict"] == "found" and found["path"] == "Home/Чай #1 100%.md"
    assert found["standing"]["rank"] == 1 and found["standing"]["above"] == []
    assert found["standing"]["closest"]["snippet"] in NOTES["Home/Чай #1 100%.md"]
    below = await why(client, "Home/Чай #1 100%.md", "tea")
    assert below["verdict"] == "outranked" and len(below["standing"]["above"]) == 3
    assert "no common word" in below["reason"] and "in meaning" in below["reason"]
    shown = reasons.why(below)
    assert "Above it stand" in shown and "tea: only in other notes" in shown


async def test_a_note_without_vectors_has_no_rank_in_meaning(client: httpx.AsyncClient) -> None:
    data = await why(client, "Kettle", "boils")
    assert data["verdict"] == "found" and "a rule keeps it from `embed`" in data["reason"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"q": "tea"}, 422),
        ({"q": " ", "path": "Kettle"}, 400),
        ({"q": "tea", "path": "../x"}, 400),
        ({"q": "tea", "path": "Kettle", "after": "soon"}, 422),
    ],
)
async def test_wrong_requests(client: httpx.AsyncClient, params: dict[str, str], status: int) -> None:
    assert (await client.get("/api/why", params=params)).status_code == status


async def test_strangers_are_told_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get(
        "/api/why", params={"q": "tea", "path": "Kettle"}, headers={"Authorization": "Bearer x"}
    )
    assert response.status_code == 401
