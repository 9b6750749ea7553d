"""A note is hidden in each of the ways that there are, and then everything that Famulus can say is searched for it.

The whole Famulus runs, with its routes, its thread and Chroma; only the models are made up.
"""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from copy import copy
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import httpx
import pytest

from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.related.linked import Record
from agents.related.merge import Item, Written
from daemon import compose as composing
from daemon.bus import BusEvent
from daemon.compose import Famulus
from daemon.config import NotesSection, RuleSection, Settings, WritingSection
from daemon.indexing.standing import UpkeepStatus
from daemon.routes import status
from tests.composed import asking
from tests.effort import LONG
from tests.fakes.chat_engine import ScriptedEngine
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.records import NoteRecord
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.obsidian import APP
from vault_sync.policy.policy import USES
from vault_sync.writing.edit import Edit, content_hash
from vault_sync.writing.journal import Selection

SECRET = VaultPath("Private/Quagga.md")
HORSES = VaultPath("Horses.md")
DIGEST = VaultPath("Digests/Week.md")
UNKNOWN = "Private/Tarpans.md"
WORD = "zugzwang"
TEXT = f"---\naliases: [Quaggalias]\ntags: [quaggatag]\n---\n# Plains\n\nThe {WORD} is told to nobody on the plains.\n"
NOTES = {
    SECRET: TEXT,
    HORSES: '---\nnear: "[[Quagga]]"\n---\n# Horses\n\nHorses graze on the plains and are told apart by their coats.\n',
    "Zebra.md": "---\nnear: '[[Quagga]] and [[Horses]]'\n---\nZebras graze on the plains and have stripes.\n",
    "Soup.md": "Carrots, onions and salt are simmered for an hour.\n",
    DIGEST: '---\nfamulus-digest: "0 8 * * *"\n---\nWhat is new in my notes?\n',
}
ASKED = "What is told to nobody on the plains?"
EARLIER = [
    {"role": "user", "content": ASKED},
    {"role": "assistant", "content": "It is told."},
    {"role": "user", "content": "And what do horses graze on?"},
]


class Everybody:
    """All models master all languages."""

    def __init__(self, state: object) -> None:
        pass

    async def measured(self, engine: object, what: str, measure: object) -> bool:
        return False

    async def masters(self, engine: object, language: str) -> bool:
        return True


class House:
    """One Famulus, what it was asked, and all that came out of it."""

    def __init__(self, famulus: Famulus, http: httpx.AsyncClient, engine: ScriptedEngine) -> None:
        self.famulus = famulus
        self.http = http
        self.engine = engine
        self.events: list[bytes] = []
        self._heard = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        famulus.bus.listen(self._hear)

    def _hear(self, event: BusEvent) -> None:
        self._loop.call_soon_threadsafe(self._heard.set)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONG):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    async def listen(self) -> None:
        async with aclosing(status._events(self.famulus, "")) as events:
            async for event in events:
                self.events.append(event)

    def put(self, path: str, text: str) -> None:
        file = self.famulus.vault.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    async def get(self, route: str, /, **params: Any) -> httpx.Response:
        return await self.http.get(route, params=params)

    async def chat(self, *messages: dict[str, str], **more: Any) -> httpx.Response:
        return await self.http.post(
            "/v1/chat/completions", json={"model": "famulus", "messages": list(messages), **more}
        )

    def fill(self) -> str:
        """A suggestion, a written link and an entry of the journal that are about the note; the suggestion's id."""
        data = self.famulus.vault.read(SECRET)[0]
        end = len(data.decode())
        edit = Edit(SECRET, content_hash(data), Span(end, end), "", "\nWritten by Famulus.\n")
        self.famulus.writer.write(edit, feature="link", run="run")
        edit = Edit(HORSES, "00", Span(0, 0), "", f"[[Quagga]] {WORD}")
        made = Suggestion(
            *(suggestion_id("link", HORSES, SECRET), "link", HORSES, SECRET, "direct", 1.0),
            *(f"“The {WORD}”", f"The {WORD} is told.", edit, "quotation", 1.0),
            detail={"fingerprint": "f", "link": "[[Quagga]]", "source": "[[Quagga]]", "generated": "no"},
        )
        self.famulus.inbox.replace(HORSES, "link", [made])
        item = Item(SECRET, "direct", "[[Quagga]]", f"“The {WORD}”", "[[Quagga]]")
        self.famulus.linker.book.add(HORSES, Record(Written(item, "famulus-1"), f"The {WORD} is told."))
        return made.id

    async def answers(self, suggestion: str) -> list[str]:
        """Everything that can be asked without naming the note."""
        said = [await self.get("/api/search", q=q, mode=m, k=100) for q in (ASKED, "plains") for m in MODES]
        said += [
            await self.get("/api/search", q="plains", **narrow) for narrow in ({"folder": "Private"}, {"tag": "q"})
        ]
        said += [await self.get("/api/related", path=path) for path in (HORSES, "Zebra.md")]
        said += [await self.get("/api/why", q=q, path=HORSES) for q in ("plains", ASKED)]
        said += [await self.get("/api/why", q="plains", path="Private/Quag")]
        said += [
            await self.get("/api/notes"),
            await self.get("/api/notes", path=HORSES),
            await self.get("/api/journal"),
        ]
        said += [await self.http.post("/api/index/verify")]
        said += [await self.get("/api/notes/status"), await self.get("/api/digests"), await self.get("/metrics")]
        said += [await self.get("/api/suggestions", state=state) for state in ("pending", "any")]
        said += [await self.http.post("/api/suggestions", json={"path": HORSES}, params={"dry_run": True})]
        entry = self.famulus.journal.entries(Selection(path=SECRET))[0].id
        said += [await self.get(f"/api/journal/{entry}"), await self.get("/api/journal", path="Private")]
        for body in ({"ids": [entry]}, {"path": "Private"}, {"feature": "link"}, {"run": "run"}):
            said += [await self.http.post("/api/journal/undo", json={**body, "dry_run": dry}) for dry in (True, False)]
        for action in ("accept", "reject"):
            said += [await self.http.post(f"/api/suggestions/{suggestion}/{action}")]
            said += [await self.http.post(f"/api/suggestions/{action}", json={"ids": [suggestion]})]
            said += [await self.http.post(f"/api/suggestions/{action}", json={"folder": "Private"})]
        said += [await self.chat({"role": "user", "content": ASKED}), await self.chat(*EARLIER)]
        said += [await self.chat({"role": "user", "content": ASKED}, famulus={"folder": "Private"})]
        said += [await self.http.post("/api/digests/run", json={"name": name}) for name in ("Week", "None")]
        return [response.text for response in said]

    async def refusals(self, path: str, title: str) -> list[tuple[int, str]]:
        """What is answered to somebody who names a note, without the name."""
        said = [await self.get("/api/notes", path=path), await self.get("/api/notes", path=title)]
        said += [await self.get("/api/notes/status", path=path), await self.get("/api/related", path=path)]
        said += [await self.http.post("/api/suggestions", json={"path": path, **b}) for b in ({}, {"tags": ["x"]})]
        said += [await self.get("/api/journal", path=path)]
        said += [await self.http.post("/api/journal/undo", json={"path": path})]
        said += [await self.http.post("/api/digests/run", json={"name": title})]
        said += [
            await self.get("/api/search", q="plains", folder=path),
            await self.get("/api/suggestions", folder=path),
        ]
        said += [await self.chat({"role": "user", "content": ASKED}, famulus={"path": path})]
        return [(response.status_code, told(response, path, title)) for response in said]

    async def reasons(self, path: str, title: str) -> list[str]:
        """Why it is not found, without the name. The setting is told, so only names that it fits can be compared."""
        said = [await self.get("/api/why", q="plains", path=each) for each in (path, title)]
        return [told(response, path, title) for response in said]

    def written(self) -> str:
        """The text of all notes but the hidden one and those that the user wrote."""
        files = self.famulus.vault.root.rglob("*.md")
        return "".join(f.read_text() for f in files if f.relative_to(self.famulus.vault.root).as_posix() not in NOTES)

    def kept(self) -> str:
        """All rows of the ledger but the links that the user wrote, and of the state those that quote notes."""
        connection = self.famulus.ledger.read()
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [
            tuple(row) for table in tables if table != "links" for row in connection.execute(f"SELECT * FROM {table}")
        ]
        state = [
            tuple(r)
            for t in ("suggestions", "linked", "digests", "job_notes", "job_suggestions")
            for r in self.famulus.state.rows(f"SELECT * FROM {t}")
        ]
        return repr(rows + state)


MODES = ("hybrid", "lexical", "dense")


def told(response: httpx.Response, *names: str) -> str:
    """The answer without the names that were asked for, and without what is another one each time."""
    text = response.text
    for name in names:
        text = text.replace(name, "")
    data = json.loads(text)
    if isinstance(data, dict):
        data.pop("id", None)
        data.pop("created", None)
    return json.dumps(data)


def names_it(texts: str | list[str]) -> list[str]:
    """What of the note stands in a text."""
    text = " ".join(texts).lower() if isinstance(texts, list) else texts.lower()
    return [word for word in (WORD, "quagga") if word in text]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(composing, "GuardedEmbedder", lambda embedder: WordEmbedder())
    monkeypatch.setattr("daemon.engines.hosting.host.E5Embedder", lambda spec: WordEmbedder())
    monkeypatch.setattr(composing, "MasteryBook", Everybody)
    for path, text in NOTES.items():
        (tmp_path / "vault" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / path).write_text(text, encoding="utf-8")
    # Folders that are made while a watcher runs, one in the other, make it warn.
    (tmp_path / "vault/.obsidian").mkdir()
    (tmp_path / "vault/Famulus/prompts").mkdir(parents=True)
    return tmp_path


def named(engine: ScriptedEngine, name: str) -> ScriptedEngine:
    """The engine under the name of a configured one, with the same list of what it was sent."""
    made = copy(engine)
    made.name = name
    return made


@asynccontextmanager
async def running(world: Path, monkeypatch: pytest.MonkeyPatch, **notes: Any) -> AsyncIterator[House]:
    engine = ScriptedEngine(lambda request: request.messages[-1].content)
    monkeypatch.setattr("daemon.engines.hosting.host._build_chat", lambda spec, worker: named(engine, spec.name))
    settings = Settings(
        vault=world / "vault",
        data_dir=world / "data",
        notes=NotesSection(quiet_seconds=0.02, longest_seconds=0.1, **notes),
        writing=WritingSection(new_notes="Digests", settle_seconds=0, patience_seconds=1),
    )
    famulus = composing.compose(settings)
    async with asking(famulus) as http:
        house = House(famulus, http, engine)
        listening = asyncio.create_task(house.listen())
        await famulus.start()
        try:
            await house.until(lambda: famulus.upkeep.status().ready)
            yield house
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await famulus.close()


def no_vector_is_left(house: House) -> None:
    unused = "SELECT count(*) FROM vectors WHERE key NOT IN (SELECT vector_key FROM occurrences)"
    assert house.famulus.ledger.read().execute(unused).fetchone()[0] == 0


async def hidden_from_all(house: House, suggestion: str) -> None:
    """Nothing that Famulus says, sends to a model or writes tells that the note exists."""
    await house.until(lambda: house.famulus.upkeep.status().ready)
    no_vector_is_left(house)
    async with aclosing(status._events(house.famulus, "a-plugin")) as events:
        hello = (await anext(events)).decode()
        assert "Horses.md" in hello and names_it(hello) == [], "a plugin has to prove nothing of it"
    house.engine.requests.clear()
    house.events.clear()
    assert names_it(await house.answers(suggestion)) == []
    assert await house.refusals(SECRET, "Quagga") == await house.refusals(UNKNOWN, "Tarpans")
    assert await house.reasons(SECRET, "Quagga") == await house.reasons("Private/Quaggas.md", "Quaggas")
    house.put(SECRET, house.famulus.vault.read(SECRET)[0].decode() + "More of it.\n")
    house.famulus.bus.publish("note.written", path=SECRET, feature="link")
    house.famulus.bus.publish("note.moved", path=HORSES, old_path=SECRET)
    house.put("Zebra.md", NOTES["Zebra.md"] + "They are shy.\n")
    await house.until(lambda: any(b"Zebra.md" in event for event in house.events))
    house.famulus.bus.publish("note.written", path=SECRET, feature="link")
    assert names_it(await house.answers(suggestion)) == []
    assert names_it(b"".join(house.events).decode()) == [] and any(b"Zebra.md" in event for event in house.events)
    sent = [message.content for request in house.engine.requests for message in request.messages]
    assert sent and names_it(sent) == []
    assert "Zebra" in house.written() and names_it(house.written()) == []


def in_memory(thing: object) -> list[str]:
    """The texts that an agent reaches, but for what the index and its databases hold."""
    texts, seen, left = list[str](), set[int](), [thing]
    while left:
        each = left.pop()
        known = type(each).__module__.startswith(("agents.", "builtins", "collections")) or isinstance(each, NoteRecord)
        if id(each) in seen or not known or isinstance(each, type | ModuleType | FunctionType):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            texts.append(each)
        left += gc.get_referents(each)
    return texts


async def nothing_is_kept(house: House) -> None:
    assert names_it(house.kept()) == []
    connection = house.famulus.ledger.read()

    def agree() -> bool:
        ids = {row[0] for row in connection.execute("SELECT id FROM occurrences")}
        words = {row[0] for row in connection.execute("SELECT rowid FROM lexical")}
        return house.famulus.store.ids() == ids == words

    await house.until(agree)
    terms = {row[0] for row in connection.execute("SELECT term FROM lexical_terms")}
    assert not any(WORD in term or "quagg" in term for term in terms)
    orphans = "SELECT count(*) FROM links WHERE note_id NOT IN (SELECT id FROM notes)"
    assert connection.execute(orphans).fetchone()[0] == 0


async def told_before(house: House) -> str:
    """Before the note is hidden it is told everywhere: this test can fail."""
    suggestion = house.fill()
    written = content_hash(house.famulus.vault.read(SECRET)[0])
    await house.until(lambda: (note := house.famulus.ledger.note(SECRET)) is not None and note.hash == written)
    await house.until(lambda: house.famulus.upkeep.status().ready)
    shown = [await house.get("/api/search", q="plains"), await house.get("/api/related", path=HORSES)]
    shown += [
        await house.get("/api/notes"),
        await house.get("/api/notes", path=HORSES),
        await house.get("/api/journal"),
    ]
    shown += [await house.get("/api/notes/status"), await house.get("/api/suggestions")]
    shown += [await house.chat({"role": "user", "content": ASKED})]
    assert all(names_it(response.text) for response in shown), [r.url for r in shown if not names_it(r.text)]
    assert names_it(b"".join(house.events).decode()) and names_it(house.kept()) == [WORD, "quagga"]
    return suggestion


async def test_obsidian_excludes_it_while_famulus_runs(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world, monkeypatch) as house:
        suggestion = await told_before(house)
        house.put(APP, json.dumps({"userIgnoreFilters": ["Private/"]}))
        await house.until(lambda: house.famulus.ledger.note(SECRET) is None)
        await hidden_from_all(house, suggestion)
        await nothing_is_kept(house)


async def test_it_becomes_private_while_famulus_runs(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world, monkeypatch) as house:
        suggestion = await told_before(house)
        house.put(SECRET, TEXT.replace("---\n", "---\nprivate: true\n", 1))
        await house.until(lambda: house.famulus.ledger.note(SECRET) is None)
        await hidden_from_all(house, suggestion)
        await nothing_is_kept(house)


async def test_what_is_compared_of_it_leaves_the_memory_at_once(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):  # so many that one less is no other vault
        (world / f"vault/Soup {number}.md").write_text(NOTES["Soup.md"], encoding="utf-8")
    async with running(world, monkeypatch) as house:
        linker, names = house.famulus.linker, house.famulus.names
        await asyncio.to_thread(linker.warm)
        await asyncio.to_thread(names.warm, lambda: False)
        assert WORD in names_it(in_memory(linker)) and names_it(in_memory(names))
        house.put(SECRET, TEXT.replace("---\n", "---\nprivate: true\n", 1))
        await house.until(lambda: house.famulus.ledger.note(SECRET) is None)
        assert WORD not in names_it(in_memory(linker)) and not names_it(in_memory(names))


@pytest.mark.parametrize("way", ["exclude", "obsidian", "frontmatter"])
async def test_it_is_hidden_while_famulus_is_away(world: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    async with running(world, monkeypatch) as house:
        suggestion = await told_before(house)
        root = house.famulus.vault.root
    if way == "obsidian":
        (root / APP).write_text(json.dumps({"userIgnoreFilters": ["/quagga/"]}))
    elif way == "frontmatter":
        (root / SECRET).write_text(TEXT.replace("---\n", "---\nfamulus-ignore: true\n", 1))
    async with running(world, monkeypatch, exclude=["Private"] if way == "exclude" else []) as house:
        assert not (house.events and names_it(b"".join(house.events).decode()))
        await hidden_from_all(house, suggestion)
        await nothing_is_kept(house)


async def test_a_rule_denies_all_uses_of_it(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world, monkeypatch) as house:
        suggestion = await told_before(house)
    async with running(world, monkeypatch, rules=[RuleSection(paths=["Private"], deny=list(USES))]) as house:
        await hidden_from_all(house, suggestion)
        assert house.famulus.ledger.note(SECRET) is not None, "it is indexed, by its words"
        assert not house.famulus.ledger.embedded([c.id for c in house.famulus.ledger.occurrences_of(SECRET)])[0]
        left = [dict(row) for row in house.famulus.state.rows("SELECT * FROM suggestions")]
        assert not [row for row in left if names_it(str(row))], left


async def test_a_rule_for_some_uses_hides_it_there_and_nowhere_else(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = RuleSection(paths=["Private"], deny=["related", "links"])
    async with running(world, monkeypatch, rules=[rule]) as house:
        for path, unknown in ((SECRET, UNKNOWN), ("Quagga", "Tarpans")):
            said = [await house.get("/api/related", path=each) for each in (path, unknown)]
            said += [await house.http.post("/api/suggestions", json={"path": each}) for each in (path, unknown)]
            answers = [(each.status_code, told(each, path, unknown)) for each in said]
            assert answers[0] == answers[1] and answers[2] == answers[3] and answers[0][0] == answers[2][0] == 404
        assert (await house.get("/api/notes", path=SECRET)).status_code == 200
        assert WORD in (await house.get("/api/search", q="plains")).text
        assert WORD in (await house.chat({"role": "user", "content": ASKED})).text


async def test_from_the_first_moment_of_a_start_nothing_is_told(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world, monkeypatch) as house:
        suggestion = await told_before(house)
    monkeypatch.setattr("daemon.indexing.upkeep.Upkeep.start", lambda upkeep: None)
    monkeypatch.setattr("daemon.indexing.upkeep.Upkeep.status", lambda upkeep: UpkeepStatus(True, 0, ""))
    async with running(world, monkeypatch, exclude=["Private"]) as house:
        assert house.famulus.ledger.note(SECRET) is not None, "the index is not cleaned yet"
        assert names_it(await house.answers(suggestion)) == []
        assert await house.refusals(SECRET, "Quagga") == await house.refusals(UNKNOWN, "Tarpans")
        assert await house.reasons(SECRET, "Quagga") == await house.reasons("Private/Quaggas.md", "Quaggas")


async def test_a_digest_and_a_prompt_of_the_vault_that_are_hidden(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world, monkeypatch) as house:
        house.put("Famulus/prompts/said-en.md", f"## none\n\nThe {WORD}.\n\n## greeting\n\nHi.\n")
        await house.until(lambda: house.famulus.ledger.note("Famulus/prompts/said-en.md") is not None)
    async with running(world, monkeypatch) as house:
        assert "Week" in (await house.get("/api/digests")).text
        assert WORD in (await house.chat({"role": "user", "content": "Who won the cup of 1987?"})).text
        house.put(APP, json.dumps({"userIgnoreFilters": ["Famulus/", "Digests/"]}))
        await house.until(lambda: house.famulus.ledger.note(DIGEST) is None)
        await house.until(lambda: house.famulus.upkeep.status().ready)
        assert WORD not in (await house.chat({"role": "user", "content": "Who won the cup of 1987?"})).text
        assert (await house.get("/api/digests")).json() == {"digests": []}
        gone, unknown = [await house.http.post("/api/digests/run", json={"name": name}) for name in ("Week", "Year")]
        assert (gone.status_code, gone.text.replace("Week", "")) == (
            unknown.status_code,
            unknown.text.replace("Year", ""),
        )
