"""Jobs over the whole vault by the API, in a running Famulus whose models are made up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import httpx
import pytest

from agents.errors import EngineError
from agents.inbox.suggestion import Suggestion
from agents.jobs.job import LONGEST_PAUSE
from agents.related.neighbours import Limits
from daemon import compose as composing
from daemon.compose import Famulus
from daemon.config import FolderMode, JournalSection, LinkingSection
from daemon.jobs.producers import Related
from tests.composed import Build, asking
from tests.effort import LONG
from tests.fakes.jobbing import Nobody
from vault_sync.paths import VaultPath

SAID = "An index finds table rows by sorted keys: few pages, few rows read."
NOTES = {
    f"{name}.md": f"# {name}\n\n{SAID} {name} keeps rows and pages sorted.\n".encode()
    for name in ("Tree", "Index", "Hash #1")
}
NOTES |= {
    "Journal/Day.md": NOTES["Tree.md"],
    "Ещё/Ключ.md": f"# Ключ\n\n{SAID} Ключ находит строки таблицы.\n".encode(),
}


class House:
    """A Famulus, a client, and what was told."""

    def __init__(self, famulus: Famulus, http: httpx.AsyncClient) -> None:
        self.famulus = famulus
        self.http = http
        self.told: list[dict[str, Any]] = []
        self._heard = asyncio.Event()
        famulus.bus.listen(lambda event: self._hear(event.name, event.data))

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "job.progress":
            self.told.append(data)
            self._heard.set()

    async def make(self, **wish: Any) -> dict[str, Any]:
        return await self.post("/api/jobs", **{"kinds": ["related"], **wish})

    async def post(self, route: str, **body: Any) -> dict[str, Any]:
        response = await self.http.post(route, json=body)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return dict(found.get("job", found))

    async def get(self, route: str) -> dict[str, Any]:
        response = await self.http.get(route)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(LONG):
            while True:
                for told in self.told:
                    if fits(told):
                        return told
                self._heard.clear()
                await self._heard.wait()

    async def rests(self, job: dict[str, Any], state: str) -> dict[str, Any]:
        """The job as it is told once it is in this state."""
        return await self.until(lambda told: told["id"] == job["id"] and told["state"] == state)

    async def judged(self, job: dict[str, Any], verdict: str = "yes") -> dict[str, Any]:
        """The judgement after one verdict on all of the sample."""
        route = f"/api/jobs/{job['id']}"
        sample = await self.get(f"{route}/sample")
        verdicts = [{"id": each["id"], "verdict": verdict} for each in sample["suggestions"]]
        return await self.post(f"{route}/judge", judgements=verdicts)

    def bytes(self) -> dict[str, bytes]:
        root = self.famulus.vault.root
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*.md")}


@pytest.fixture
async def house(build: Build, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(composing, "MasteryBook", Nobody)
    famulus = build(NOTES, linking=LinkingSection(folders=[FolderMode(folder="Journal", mode="off")]))
    monkeypatch.setattr(famulus.linker._neighbours, "_limits", Limits(least=-100.0))
    await famulus.catch_up()
    famulus.jobs.start()
    async with asking(famulus) as client:
        yield House(famulus, client)


async def test_a_job_from_the_estimate_to_the_undo(house: House) -> None:
    job = await house.make(wait=True)
    assert job["state"] == "estimating" and house.bytes() == NOTES
    waits = await house.rests(job, "paused")
    assert waits["estimate"]["notes"] == 4, "linking is off for the journal"
    assert waits["estimate"]["candidates"]["mean"] > 0 and waits["estimate"]["tokens"]["mean"] == 0
    await house.post(f"/api/jobs/{job['id']}/resume")
    through = await house.rests(job, "judging")
    assert house.bytes() == NOTES and (await house.get("/api/suggestions"))["suggestions"] == []
    found = through["found"]["link"]["found"]
    assert 0 < found == len((await house.get(f"/api/jobs/{job['id']}/sample"))["suggestions"])

    judgement = (await house.judged(job))["judgement"]
    (links,) = judgement["kinds"]
    assert links["precision"]["mean"] == 1.0 and links["precision"]["interval"][0] < 0.9
    assert links["threshold"] is not None and links["above"] == found and house.bytes() == NOTES

    await house.post(f"/api/jobs/{job['id']}/apply")
    done = await house.rests(job, "done")
    assert done["found"]["link"]["applied"] == found and house.bytes() != NOTES
    entries = (await house.get(f"/api/journal?run={job['id']}"))["entries"]
    assert {entry["feature"] for entry in entries} == {"link"}
    assert len(entries) == len({entry["path"] for entry in entries}), "one write a note"

    written = house.bytes()
    await house.famulus.catch_up()
    again = await house.make()
    assert (await house.rests(again, "done"))["reason"] == "There was nothing to propose." and house.bytes() == written
    undone = await house.post("/api/journal/undo", run=job["id"])
    assert {each["outcome"] for each in undone["results"]} == {"undone"} and house.bytes() == NOTES


async def test_a_no_is_remembered_and_nothing_below_the_threshold_is_written(house: House) -> None:
    job = await house.make(folder="Ещё")
    await house.rests(job, "judging")
    await house.judged(job, "no")
    (links,) = (await house.get(f"/api/jobs/{job['id']}/sample"))["judgement"]["kinds"]
    assert links["threshold"] is None and links["precision"]["mean"] == 0.0
    await house.post(f"/api/jobs/{job['id']}/apply")
    done = await house.rests(job, "done")
    assert done["found"]["link"]["rejected"] == done["found"]["link"]["found"] and house.bytes() == NOTES
    assert house.famulus.inbox.refused(VaultPath("Ещё/Ключ.md"), "link")
    again = await house.make(folder="Ещё")
    assert (await house.rests(again, "done"))["found"] == {}


async def test_with_review_it_goes_into_the_inbox(house: House) -> None:
    job = await house.make(folder="Ещё", mode="review")
    await house.rests(job, "judging")
    await house.judged(job, "yes")
    await house.post(f"/api/jobs/{job['id']}/apply", threshold={"link": 99.0})
    done = await house.rests(job, "done")
    pending = (await house.get("/api/suggestions"))["suggestions"]
    assert len(pending) == done["found"]["link"]["kept"] > 0 and house.bytes() == NOTES


async def refused(house: House, route: str, **body: Any) -> tuple[int, str]:
    response = await house.http.post(route, json=body)
    error = response.json()["error"]
    assert error["message"] and error["code"]
    return response.status_code, error["code"]


async def test_what_can_not_be_is_refused_with_the_reason(house: House) -> None:
    assert await refused(house, "/api/jobs", kinds=["magic"]) == (400, "bad_request")
    assert await refused(house, "/api/jobs", folder="Nowhere") == (400, "bad_request")
    assert await refused(house, "/api/jobs", folder="Journal") == (400, "bad_request")
    assert await refused(house, "/api/jobs", sample=0) == (422, "invalid_shape")
    assert await refused(house, "/api/jobs/none/apply") == (404, "job_not_found")
    job = await house.make()
    route = f"/api/jobs/{job['id']}"
    assert await refused(house, "/api/jobs") == (409, "job")
    await house.rests(job, "judging")
    assert await refused(house, f"{route}/apply") == (409, "job")
    assert await refused(house, f"{route}/apply", threshold={"magic": 1}) == (400, "bad_request")
    assert await refused(house, f"{route}/judge", judgements=[{"id": "x", "verdict": "yes"}]) == (409, "job")
    assert await refused(house, f"{route}/pause") == (409, "job")
    await house.post(f"{route}/cancel")
    assert await refused(house, f"{route}/resume") == (409, "job")
    assert (await house.get("/api/jobs"))["jobs"][0]["state"] == "cancelled" and house.bytes() == NOTES
    response = await house.http.get("/api/jobs", headers={"Authorization": "Bearer wrong"})
    assert response.status_code == 401


async def test_what_the_journal_could_not_undo_is_not_begun(house: House) -> None:
    job = await house.make()
    await house.rests(job, "judging")
    await house.judged(job)
    house.famulus.settings = house.famulus.settings.model_copy(update={"journal": JournalSection(max_mb=0.001)})
    assert (await refused(house, f"/api/jobs/{job['id']}/apply"))[1] == "config"
    assert (await house.get(f"/api/jobs/{job['id']}"))["job"]["state"] == "judging"


class Failing(Related):
    """An engine that is away for some requests, or a bug at one note."""

    def __init__(self, famulus: Famulus, error: Exception, times: int) -> None:
        super().__init__(famulus)
        self.error, self.times = error, times

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return await super().propose(path, data)


async def test_an_engine_that_is_away_pauses_the_job_and_no_note_is_lost(house: House) -> None:
    jobs, now = house.famulus.jobs, [1000.0]
    jobs._clock = lambda: now[0]
    jobs._producers["related"] = Failing(house.famulus, EngineError("No answer.", "It is away."), 3)
    job = await house.make()
    for tries in (1, 2, 3):
        paused = await house.until(partial(pauses_until, retry(now)))
        assert paused["reason"] == "No answer. It is away." and jobs.book.get(job["id"]).tries == tries
        now[0] += LONGEST_PAUSE
        jobs._wake.set()
    through = await house.rests(job, "judging")
    assert (through["progress"]["done"], through["progress"]["failed"]) == (4, 0)
    assert jobs.book.get(job["id"]).tries == 0


def pauses_until(at: float, told: dict[str, Any]) -> bool:
    return bool(told["state"] == "paused" and told["retry_at"] == at)


def retry(now: list[float]) -> float:
    return now[0] + {1000.0: 30.0, 1900.0: 60.0, 2800.0: 120.0}[now[0]]


async def test_a_note_at_which_something_breaks_is_named_and_the_others_go_on(house: House) -> None:
    house.famulus.jobs._producers["related"] = Failing(house.famulus, ZeroDivisionError(), 1)
    job = await house.make()
    through = await house.rests(job, "judging")
    assert (through["progress"]["done"], through["progress"]["failed"]) == (4, 1)
    (failed,) = (await house.get(f"/api/jobs/{job['id']}/notes?state=failed"))["notes"]
    assert failed["path"] in NOTES and failed["reason"] == "Famulus failed: ZeroDivisionError."


async def test_a_search_goes_before_the_next_note(house: House) -> None:
    with house.famulus.courtesy.serving("/api/search"):
        job = await house.make()
        for _ in range(20):
            await asyncio.sleep(0)
        assert house.famulus.jobs.book.counts(job["id"])["done"] == 0
    await house.rests(job, "judging")


async def test_a_note_that_is_hidden_is_gone_from_the_job(house: House) -> None:
    job = await house.make()
    await house.rests(job, "judging")
    house.famulus.forgetting.taken([VaultPath("Tree.md")])
    sample = await house.http.get(f"/api/jobs/{job['id']}/sample")
    notes = await house.http.get(f"/api/jobs/{job['id']}/notes")
    assert "Index.md" in sample.text and "Index.md" in notes.text
    assert '"Tree.md"' not in sample.text + notes.text
    kept = [tuple(row) for table in ("job_notes", "job_suggestions") for row in rows(house.famulus, table)]
    assert '"Tree.md"' not in repr(kept)


def rows(famulus: Famulus, table: str) -> list[Any]:
    return famulus.state.rows(f"SELECT * FROM {table}")


async def test_a_state_that_can_not_be_written_for_a_while_ends_no_job(house: House) -> None:
    """A full disk, or another program that holds the file: what can not be kept is tried again."""
    said = asyncio.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.set()

    handler = Handler(logging.ERROR)
    logging.getLogger("daemon.jobs.jobs").addHandler(handler)
    connection = house.famulus.state._connection
    try:
        job = await house.make(folder="Ещё", wait=True)
        await house.rests(job, "paused")
        resumed = await house.post(f"/api/jobs/{job['id']}/resume")
        connection.execute("PRAGMA query_only = ON")
        assert resumed["state"] == "dry_run"
        async with asyncio.timeout(LONG):
            await said.wait()
    finally:
        logging.getLogger("daemon.jobs.jobs").removeHandler(handler)
        connection.execute("PRAGMA query_only = OFF")
    house.famulus.jobs._wake.set()
    await house.rests(job, "judging")
