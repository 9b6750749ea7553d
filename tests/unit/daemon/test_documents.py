"""Canvases, bases and PDFs in a running vault: found by the API, and no part of Famulus proposes to write into them."""

from dataclasses import replace

import httpx
import pytest

from agents.related.neighbours import Limits
from daemon.compose import Famulus
from daemon.config import LinkingSection
from tests.composed import Build
from tests.fakes.pdf import pdf_of
from tests.unit.vault_sync.notes.test_canvas import board, card
from vault_sync.evaluation.questions import Questions
from vault_sync.notes import pdf
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Rule

SAID = "An index finds table rows by sorted keys: few pages, few rows read."
NOTES = {
    f"{name}.md": f"# {name}\n\n{SAID} {name} is a way to find table rows by sorted keys.\n".encode()
    for name in ("Tree", "Index", "Hash")
}
DOCUMENTS = {
    "Board.canvas": board(card("a", f"{SAID} #digest-me"), card("b", "See [[Index]] and [[Hash]]", y=200)).encode(),
    "Rows.base": f'filters: "{SAID}"\nviews: []\n'.replace(": few", ", few").encode(),
    "Paper.pdf": pdf_of([SAID]),
}


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    famulus = build(NOTES | DOCUMENTS, linking=LinkingSection(mode="auto"))
    await famulus.catch_up()
    return famulus


def read_here() -> list[str]:
    return [name for name in DOCUMENTS if pdf.available() or not name.endswith(".pdf")]


async def test_search_and_related_name_documents(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/search", params={"q": "table rows sorted keys"})).json()["results"]
    assert {*NOTES, *read_here()} <= {result["path"] for result in found}
    related = (await client.get("/api/related", params={"path": "Tree.md"})).json()["results"]
    assert set(read_here()) <= {result["path"] for result in related}
    around = (await client.get("/api/related", params={"path": "Board.canvas"})).json()["results"]
    assert {"Index.md", "Tree.md"} <= {result["path"] for result in around}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_nothing_is_proposed_for_a_document(client: httpx.AsyncClient, famulus: Famulus, name: str) -> None:
    links = await client.post("/api/suggestions", json={"path": name})
    assert links.status_code >= 400 or links.json()["suggestions"] == []
    tags = await client.post("/api/suggestions", json={"path": name, "tags": ["x"], "description": "y"})
    assert tags.status_code >= 400
    await famulus.linking.on_saved(VaultPath(name), "auto")
    await famulus.linking.on_saved(VaultPath(name), "review")
    assert famulus.inbox.list() == []
    assert (famulus.vault.root / name).read_bytes() == DOCUMENTS[name]


async def test_no_note_is_given_a_link_to_a_document(famulus: Famulus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(famulus.linker._neighbours, "_limits", Limits(least=0.0))
    for name in NOTES:
        await famulus.linking.on_saved(VaultPath(name), "auto")
    texts = [(famulus.vault.root / name).read_text(encoding="utf-8") for name in NOTES]
    assert any("%% famulus:" in text for text in texts)
    assert not any(document.rpartition(".")[0] in text for document in DOCUMENTS for text in texts)


async def test_why_says_what_a_pdf_needs(client: httpx.AsyncClient, famulus: Famulus) -> None:
    famulus.policy.current = replace(famulus.policy.current, pdf=False)
    famulus.indexer.scan()
    told = (await client.get("/api/why", params={"q": "table rows", "path": "Paper.pdf"})).json()
    assert (told["verdict"], told["path"]) == ("failed", "Paper.pdf")
    assert "reads PDFs" in told["reason"] and "famulus[pdf]" in told["fix"]
    famulus.policy.current = replace(famulus.policy.current, rules=(Rule(("Paper.pdf",), ("search",)),))
    told = (await client.get("/api/why", params={"q": "table rows", "path": "Paper.pdf"})).json()
    assert told["path"] is None


async def test_an_evaluation_asks_about_notes_only(famulus: Famulus) -> None:
    questions = Questions(famulus.ledger, famulus.policy.current, famulus.read)
    assert set(questions.others()) == set(NOTES)
    assert {q.target for q in questions.draw("heading", 100)} <= set(NOTES)


async def test_a_digest_tells_of_no_document(famulus: Famulus) -> None:
    policy = famulus.policy.current
    assert not any(policy.allows(name, "digests") for name in DOCUMENTS)
    assert all(policy.allows(name, "digests") for name in NOTES)


async def test_a_plugin_is_asked_to_prove_itself_by_notes_only(famulus: Famulus) -> None:
    for attempt in range(5):
        assert set(famulus.plugins.connect(f"plugin-{attempt}")) <= set(NOTES)


async def test_a_link_that_waits_for_a_note_that_became_a_canvas_is_not_written(
    client: httpx.AsyncClient, famulus: Famulus
) -> None:
    made = (await client.post("/api/suggestions", json={"path": "Tree.md", "tags": ["x"]})).json()["suggestions"]
    (famulus.vault.root / "Tree.md").rename(famulus.vault.root / "Tree.canvas")
    famulus.indexer.look(["Tree.md", "Tree.canvas"])
    waiting = famulus.inbox.list()
    assert waiting == [famulus.inbox.get(made[0]["id"])]
    for suggestion in waiting:
        answer = await client.post(f"/api/suggestions/{suggestion.id}/accept")
        assert answer.status_code >= 400
    assert (famulus.vault.root / "Tree.canvas").read_bytes() == NOTES["Tree.md"]
