"""A vault measures itself through the route; the vectors are made up, so that only the course of things is tested."""

import asyncio
import io
import json
import threading
from typing import Any

import httpx
import pytest
from rich.console import Console

from daemon.bus import BusEvent
from daemon.compose import Famulus
from daemon.config import NotesSection, RuleSection, SearchSection
from daemon.evaluation.evaluating import Evaluating, EvaluationBusyError, Wish
from daemon.terminal import measures
from tests.composed import Build
from tests.effort import LONG
from vault_sync.index.sync import Stopped
from vault_sync.ports import Vectors

NOTES = {
    "Kettle.md": "---\ndescription: Water is made hot in it.\n---\n# Kettle\n\nWater boils.\n\n## Lime scale of years\n\nVinegar.\n",
    "Чай.md": "Чай заваривают горячей водой, её кипятит [[Kettle|чайник]] на плите.\n",
    "Stove.md": "A stove has four plates, and water boils there in a [[Kettle]] in the morning.\n",
    "Diary.md": "The heron at the pond was seen from the [[Kettle]] again today.\n",
}


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    rules = [RuleSection(paths=["Diary.md"], deny=["embed"])]
    famulus = build(NOTES, notes=NotesSection(polling=True, rules=rules))
    await famulus.catch_up()
    return famulus


async def measured(client: httpx.AsyncClient, **body: Any) -> Any:
    response = await client.post("/api/eval", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def shown(data: dict[str, Any]) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(*measures.tables(data), sep="\n")
    return console.export_text()


async def test_a_vault_is_measured(client: httpx.AsyncClient, famulus: Famulus) -> None:
    told: list[BusEvent] = []
    famulus.bus.listen(told.append)
    data = await measured(client, queries=5)
    by_kind = {(row["kind"], row["group"]): row for row in data["results"]}
    assert by_kind["link", "all"]["n"] == 2 and by_kind["link", "ru→en"]["n"] == 1
    assert {"heading", "section", "description", "name", "related"} <= {kind for kind, _ in by_kind}
    for row in data["results"]:
        low, high = row["recall_interval"]
        assert 0 <= low <= row["recall_at_10"] <= high <= 1
        assert 0 <= row["mrr_at_10"] <= row["recall_at_10"]
    assert data["compared"] == []
    assert data["embedder"] == "words" and data["search"]["lexical_weight"] is None
    progress = [event.data for event in told if event.name == "eval.progress"]
    assert progress[0]["done"] == 1 and progress[-1]["done"] == progress[-1]["total"]
    assert "hidden link" in shown(data) and "Kettle" not in json.dumps(data), "figures name no note"


async def test_weights_are_compared_and_advice_is_given(client: httpx.AsyncClient) -> None:
    data = await measured(client, queries=5, compare=True)
    search, related = data["compared"]
    tried = {each["configuration"] for each in search["settings"]}
    assert {"words only", "meaning only", "lexical_weight = 0.3"} <= tried and "as delivered" not in tried
    assert {each["configuration"] for each in related["settings"]} >= {"related_weight = 0.3"}
    assert search["advice"] and related["advice"]
    assert "no difference beyond chance" in shown(data)


async def test_weights_that_are_set_are_compared_with_those_as_delivered(famulus: Famulus) -> None:
    famulus.settings.search = SearchSection(lexical_weight=0.3)
    data = Evaluating(famulus).run(Wish(queries=3, compare=True))
    tried = {each["configuration"] for each in data["compared"][0]["settings"]}
    assert "as delivered" in tried and "lexical_weight = 0.3" not in tried


async def test_what_may_not_be_embedded_is_not_asked(famulus: Famulus) -> None:
    embedder = famulus.embedder.inner  # type: ignore[attr-defined]
    asked: list[str] = []
    embed = embedder._vector

    def kept(text: str) -> Vectors:
        asked.append(text)
        return embed(text)  # type: ignore[no-any-return]

    embedder._vector = kept
    Evaluating(famulus).run(Wish(queries=50))
    assert asked and not any("heron" in text for text in asked)


async def test_one_at_a_time_and_it_ends_when_told(famulus: Famulus) -> None:
    evaluating, begun, go_on = Evaluating(famulus), threading.Event(), threading.Event()

    def stopped() -> bool:
        begun.set()
        return go_on.wait(LONG)

    running = asyncio.create_task(asyncio.to_thread(evaluating.run, Wish(), stopped))
    await asyncio.to_thread(begun.wait, LONG)
    with pytest.raises(EvaluationBusyError):
        evaluating.run(Wish())
    go_on.set()
    with pytest.raises(Stopped):
        await running
    assert evaluating.run(Wish(queries=1))["queries"] == 1


@pytest.mark.parametrize("body", [{"queries": 0}, {"queries": 10**9}, {"seed": -1}, {"question": "x"}])
async def test_wrong_wishes(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/api/eval", json=body)).status_code == 422


async def test_strangers_measure_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/eval", json={}, headers={"Authorization": "Bearer x"})).status_code == 401


def test_a_vault_without_anything_to_ask_by() -> None:
    assert "no links" in shown({"results": [], "left_out": {}, "compared": []})
