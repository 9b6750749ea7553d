from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.inbox.gate import Gate
from agents.inbox.inbox import Inbox
from agents.links.linkform import FORMS, Form
from agents.links.linkpaths import LinkPaths
from agents.ports import Roles
from agents.prompts import Prompts
from agents.related.link import AutoPass, Linker, fingerprint_of
from agents.related.managed import CLOSE, OPEN, ManagedSectionError
from agents.related.neighbours import Limits
from tests.fakes.chat_engine import ScriptedEngine
from tests.fakes.embedder import WordEmbedder
from vault_sync.databases.state import State
from vault_sync.errors import StaleEditError
from vault_sync.index.generations import Generations
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy, Rule, Use
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore, MemoryStores
from vault_sync.vault import Vault
from vault_sync.writing.edit import Edit, apply, content_hash

TREE = VaultPath("Databases/B-tree.md")
INDEX = VaultPath("Databases/Index.md")
HASH = VaultPath("Databases/Hash index.md")
NOTES = {
    TREE: "# B-tree\n\nA B-tree keeps sorted keys of table rows in pages: an index reads few pages, few rows.\n",
    INDEX: "# Index\n\n## What it is\n\nAn index finds table rows by sorted keys: few pages, few rows read.\n",
    HASH: "# Hash index\n\nA hash index finds table rows by hashed keys: few pages, few rows read.\n",
    "Cooking/Soup.md": "# Soup\n\nSimmer carrots, onions, celery, salt, pepper, garlic: stir every hour.\n",
    "Cooking/Bread.md": "# Bread\n\nKnead flour, water, yeast, sugar: dough rests until morning.\n",
    "Travel/Lisbon.md": "# Lisbon\n\nYellow trams climb steep hills towards castles; sardines grill outside.\n",
    "Ships/Oslo.md": "# Oslo\n\nFerries cross fjords every summer; museums show viking ships.\n",
    "Music/Fugue.md": "# Fugue\n\nVoices enter one after another, answering, inverting, overlapping themes.\n",
    "Garden/Tulips.md": "# Tulips\n\nPlant bulbs before frost; petals open when april suns warm soil.\n",
    "Templates/Index.md": "# Template\n\nAn index finds table rows by sorted keys: few pages, few rows read.\n",
    "2026-11-23.md": "Index, keys, pages.\n",
}


class Nobody:
    async def masters(self, engine: object, language: str) -> bool:
        return False


class Everybody:
    async def masters(self, engine: object, language: str) -> bool:
        return True


class Desk:
    """A vault on the disk with everything that links need."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        for path, text in NOTES.items():
            self.put(VaultPath(path), text.encode())
        self.ledger = Ledger(folder / "index.db", "Vault")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), Policy())
        self.indexer.prepare()
        self.indexer.scan()
        self.state = State(":memory:")
        self.gate = Gate(self.state)
        self.linker = self.new_linker()

    def new_linker(
        self,
        policy: Policy | None = None,
        roles: Roles | None = None,
        masters: bool = False,
        form: Form = "wikilink",
    ) -> Linker:
        searcher = Searcher(self.ledger, self.indexer.store, self.indexer.embedder, policy)
        limits = Limits(least=0.04)
        return Linker(
            *(self.ledger, searcher, roles or Roles({}), Everybody() if masters else Nobody(), Prompts(), self.state),
            policy=policy,
            limits=limits,
            links=LinkPaths(self.ledger, form, "Vault"),
        )

    def put(self, path: VaultPath, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def read(self, path: VaultPath) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.exists() else None

    def text(self, path: VaultPath) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def save(self, path: VaultPath, text: str) -> None:
        self.put(path, text.encode())
        self.indexer.look([path])

    async def link(self, path: VaultPath) -> Edit | None:
        """What the daemon does after a save: ask for the Edit and write it."""
        found = await self.auto(path)
        if found is not None and found.edit is not None:
            await self.apply(found.edit)
            return found.edit
        return None

    async def auto(self, path: VaultPath) -> AutoPass | None:
        return await self.linker.auto(path, (self.root / path).read_bytes(), self.gate)

    async def apply(self, edit: Edit) -> str:
        data = apply(edit, self.read(edit.path))
        self.put(edit.path, data)
        self.indexer.look([edit.path])
        return content_hash(data)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()
    made.state.close()


async def test_proposes_like_notes_with_evidence_that_stands_there(desk: Desk) -> None:
    proposals = await desk.linker.suggest(TREE)
    assert {p.target for p in proposals} == {INDEX, HASH}
    for proposal in proposals:
        assert proposal.evidence in desk.text(proposal.evidence_path)
        line = desk.text(proposal.evidence_path).split("\n")[proposal.lines[0] - 1]
        assert proposal.evidence == line
        assert not proposal.generated
    assert desk.linker.counts == {"quoted": 2, "generated": 0}


async def test_not_what_the_note_links_already(desk: Desk) -> None:
    desk.save(TREE, NOTES[TREE] + "\nSee [[Databases/Index|it]].\n")
    assert [p.target for p in await desk.linker.suggest(TREE)] == [HASH]


async def test_a_note_unlike_all_others_gets_none(desk: Desk) -> None:
    assert await desk.linker.suggest(VaultPath("Travel/Lisbon.md")) == []
    assert await desk.linker.suggest(VaultPath("Templates/Index.md")) == []
    assert await desk.linker.suggest(VaultPath("No such note.md")) == []


async def test_the_section_is_written_once(desk: Desk) -> None:
    edit = await desk.link(TREE)
    assert edit is not None
    written = desk.text(TREE)
    assert written.startswith(NOTES[TREE])
    # Two notes are called Index, so the path stands for one of them.
    assert "- [[Databases/Index|Index]] — “An index finds table rows by sorted keys" in written
    assert ": [[Databases/Index#What it is]]\n" in written
    assert ": [[Hash index#Hash index]]\n" in written
    assert await desk.link(TREE) is None
    desk.save(TREE, written)
    assert await desk.link(TREE) is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", FORMS)
async def test_another_form_rewrites_its_own_lines_once(desk: Desk, before: Form, form: Form) -> None:
    desk.linker = desk.new_linker(form=before)
    await desk.link(TREE)
    await desk.link(TREE)
    desk.save(TREE, desk.text(TREE).replace("%% /famulus", "- [[Soup]] — mine\n%% /famulus"))
    await desk.link(TREE)
    desk.linker = desk.new_linker(form=form)
    assert (await desk.link(TREE) is None) == (form == before)
    text = desk.text(TREE)
    items = [line for line in text.split("\n") if line.startswith("- ")]
    assert len(items) == 3 and len({item.partition(" — ")[2] for item in items}) == 3
    marks = {
        "wikilink": "[[Hash index#Hash index]]",
        "markdown": "(Hash%20index.md)",
        "obsidian-url": "://open?vault=Vault&",
    }
    assert [mark in text for mark in marks.values()] == [kind == form for kind in FORMS]
    assert "- [[Soup]] — mine" in text
    assert await desk.link(TREE) is None
    assert desk.linker.book.refused(TREE) == set()


async def test_a_note_that_moves_keeps_its_relative_links_as_its_own(desk: Desk) -> None:
    desk.linker = desk.new_linker(form="markdown")
    await desk.link(TREE)
    await desk.link(TREE)
    there = VaultPath("Moved/Deep/B-tree.md")
    desk.save(there, desk.text(TREE))
    (desk.root / TREE).unlink()
    desk.indexer.look([TREE])
    desk.linker.book.moved(TREE, there)
    desk.save(there, desk.text(there).replace("few rows.", "few rows. Now here.", 1))
    await desk.link(there)
    text = desk.text(there)
    assert "- [Hash index](../../Databases/Hash%20index.md)" in text
    assert "(Hash%20index.md" not in text and text.count("Hash%20index.md#") == 1


async def test_an_edit_that_was_never_written_comes_again(desk: Desk) -> None:
    first = await desk.auto(TREE)
    assert first is not None and first.edit is not None
    again = await desk.auto(TREE)
    assert again is not None and again.edit == first.edit
    assert desk.linker.book.refused(TREE) == set()


async def test_what_the_user_takes_out_does_not_come_back(desk: Desk) -> None:
    await desk.link(TREE)
    assert await desk.link(TREE) is None
    lines = [line for line in desk.text(TREE).split("\n") if "Databases/Index" not in line]
    desk.save(TREE, "Keys are sorted.\n\n" + "\n".join(lines))
    await desk.link(TREE)
    assert desk.linker.book.refused(TREE) == {INDEX}
    assert "Databases/Index" not in desk.text(TREE)
    assert "[[Hash index]]" in desk.text(TREE)


async def test_what_the_user_moves_out_of_the_section_is_theirs(desk: Desk) -> None:
    await desk.link(TREE)
    await desk.link(TREE)
    (line,) = (line for line in desk.text(TREE).split("\n") if line.startswith("- ") and "Databases/Index" in line)
    mine = desk.text(TREE).replace(f"{line}\n", "").replace("\n%% famulus", f"\n{line}\n\n%% famulus", 1)
    desk.save(TREE, mine)
    await desk.link(TREE)
    text = desk.text(TREE)
    assert text.startswith(mine[: mine.index(OPEN)]), "with its footnote mark"
    assert text.count("Databases/Index|Index") == 1 and ": [[Databases/Index#What it is]]" in text
    desk.save(TREE, f"One more thought.\n\n{text}")
    await desk.link(TREE)
    assert desk.text(TREE) == f"One more thought.\n\n{text}"


async def test_links_that_were_undone_are_refused_until_the_undo_is_undone(desk: Desk) -> None:
    before = desk.read(TREE)
    await desk.link(TREE)
    after = desk.read(TREE)
    assert desk.linker.taken_back(TREE, after, before) == {INDEX, HASH}
    desk.save(TREE, NOTES[TREE] + "\nKeys are sorted.\n")
    assert await desk.link(TREE) is None and desk.linker.book.refused(TREE) == {INDEX, HASH}
    assert desk.linker.taken_back(TREE, before, after) == set()
    assert desk.linker.book.refused(TREE) == set()
    assert desk.linker.taken_back(TREE, None, b"\xff") == set()


async def test_the_memory_survives_a_restart_and_a_move(desk: Desk) -> None:
    await desk.link(TREE)
    await desk.link(TREE)
    desk.linker = desk.new_linker()
    assert await desk.link(TREE) is None
    moved = VaultPath("B-tree.md")
    (desk.root / TREE).rename(desk.root / moved)
    desk.indexer.scan()
    desk.linker.book.moved(TREE, moved)
    assert await desk.link(moved) is None


async def test_a_reason_stays_while_its_sentence_does(desk: Desk) -> None:
    await desk.link(TREE)
    before = desk.text(TREE)
    desk.save(HASH, NOTES[HASH] + "\nA hash index is a table of buckets, and a B-tree keeps sorted keys in pages.\n")
    desk.save(TREE, before.replace("few pages", "few sorted pages"))
    await desk.link(TREE)
    assert desk.text(TREE) == before.replace("few pages", "few sorted pages")


async def test_damaged_markers_are_reported(desk: Desk) -> None:
    desk.save(TREE, f"{NOTES[TREE]}\n{OPEN}\n")
    with pytest.raises(ManagedSectionError):
        await desk.link(TREE)


async def test_review_makes_one_suggestion_a_link(desk: Desk) -> None:
    data = (desk.root / TREE).read_bytes()
    made = await desk.linker.review(TREE, data)
    assert made is not None
    assert {s.target for s in made} == {INDEX, HASH}
    assert all(s.edit.base_hash == content_hash(data) for s in made)
    assert await desk.linker.review(TREE, data) is None


async def test_accepted_ones_go_into_one_section(desk: Desk) -> None:
    inbox = Inbox(desk.state, desk.read, {"link": desk.linker})
    made = await desk.linker.review(TREE, (desk.root / TREE).read_bytes()) or []
    inbox.replace(TREE, "link", made)
    done = [await inbox.accept(s.id, desk.apply) for s in made]
    assert [s.state for s in done] == ["applied", "applied"]
    written = desk.text(TREE)
    assert written.count(OPEN) == written.count(CLOSE) == 1
    assert "[[Databases/Index|Index]]" in written
    assert "[[Hash index]]" in written
    assert await desk.linker.review(TREE, written.encode()) is None


async def test_an_accepted_link_that_is_taken_out_is_refused(desk: Desk) -> None:
    inbox = Inbox(desk.state, desk.read, {"link": desk.linker})
    made = await desk.linker.review(TREE, (desk.root / TREE).read_bytes()) or []
    inbox.replace(TREE, "link", made)
    await inbox.accept(made[0].id, desk.apply)
    await desk.linker.review(TREE, (desk.root / TREE).read_bytes())
    desk.save(TREE, NOTES[TREE] + "More.\n")
    again = await desk.linker.review(TREE, (desk.root / TREE).read_bytes()) or []
    assert made[0].target not in {s.target for s in again}


async def test_a_suggestion_for_other_text_is_stale(desk: Desk) -> None:
    inbox = Inbox(desk.state, desk.read, {"link": desk.linker})
    made = await desk.linker.review(TREE, (desk.root / TREE).read_bytes()) or []
    inbox.replace(TREE, "link", made)
    desk.save(TREE, NOTES[TREE] + "More.\n")
    with pytest.raises(StaleEditError):
        await inbox.accept(made[0].id, desk.apply)
    assert inbox.get(made[0].id).state == "stale"
    assert desk.text(TREE) == NOTES[TREE] + "More.\n"


async def test_a_rejected_link_is_not_proposed_again(desk: Desk) -> None:
    inbox = Inbox(desk.state, desk.read, {"link": desk.linker})
    made = await desk.linker.review(TREE, (desk.root / TREE).read_bytes()) or []
    inbox.replace(TREE, "link", made)
    inbox.reject(next(iter(s.id for s in made if s.target == INDEX)))
    assert [p.target for p in await desk.linker.suggest(TREE)] == [HASH]


async def test_the_fingerprint_is_of_the_users_text(desk: Desk) -> None:
    before = fingerprint_of(parse_note(TREE, NOTES[TREE].encode()))
    await desk.link(TREE)
    assert fingerprint_of(parse_note(TREE, desk.text(TREE).encode())) == before
    assert fingerprint_of(parse_note(TREE, b"Other.\n")) != before


def denying(*deny: Use, path: str = INDEX) -> Policy:
    return Policy(rules=(Rule((path,), deny),))


async def test_a_note_that_may_not_be_linked_is_no_source_and_no_target(desk: Desk) -> None:
    linker = desk.new_linker(denying("links"))
    assert [p.target for p in await linker.suggest(TREE)] == [HASH]
    assert await linker.suggest(INDEX) == [] and not linker.finds(INDEX)
    assert INDEX in {passage.path for passage in linker.ranked(TREE, 20)}, "only links were denied"


async def test_a_note_that_may_not_be_shown_as_related(desk: Desk) -> None:
    linker = desk.new_linker(denying("related"))
    assert INDEX not in {passage.path for passage in linker.ranked(TREE, 20)}
    assert INDEX in {p.target for p in await linker.suggest(TREE)}


async def test_a_note_that_may_not_be_changed_is_linked_to_but_not_from(desk: Desk) -> None:
    linker = desk.new_linker(Policy(write_in=("Databases/B-tree.md",)))
    assert {p.target for p in await linker.suggest(TREE)} == {INDEX, HASH}
    assert await linker.suggest(INDEX) == []


@pytest.mark.parametrize(("denied", "asked"), [("Nowhere", 2), (INDEX, 1), (TREE, 0)])
async def test_what_no_model_may_read_is_quoted(desk: Desk, denied: str, asked: int) -> None:
    engine = ScriptedEngine(lambda request: "Nothing that is borne out.")
    linker = desk.new_linker(denying("prompt", path=denied), Roles({"planner": engine}), masters=True)
    proposals = await linker.suggest(TREE)
    assert {p.target for p in proposals} == {INDEX, HASH} and len(engine.requests) == asked
    sent = " ".join(message.content for request in engine.requests for message in request.messages)
    assert denied != INDEX or "An index finds" not in sent
    assert not any(p.generated for p in proposals)


async def test_a_note_without_vectors_is_linked_by_words_and_graph(desk: Desk) -> None:
    desk.indexer.policy = denying("embed")
    desk.save(
        VaultPath("Cooking/Soup.md"), str(NOTES["Cooking/Soup.md"]) + "\nSee [[B-tree]] and [[Databases/Index]].\n"
    )
    desk.indexer.scan()
    assert HASH in {p.target for p in await desk.new_linker(denying("embed")).suggest(TREE)}
    assert INDEX in {passage.path for passage in desk.new_linker(denying("embed")).ranked(TREE, 20)}


async def test_what_was_written_of_a_note_that_is_gone_is_forgotten(desk: Desk) -> None:
    await desk.link(TREE)
    desk.linker.book.forget(lambda path: path == INDEX)
    stored = " ".join(row["items"] for row in desk.state.rows("SELECT items FROM linked"))
    assert "An index finds" not in stored and "A hash index finds" in stored
    desk.linker.book.forget(lambda path: path == TREE)
    assert desk.state.rows("SELECT * FROM linked") == []


async def test_a_change_of_the_embedder_changes_what_closeness_is_measured_against(desk: Desk) -> None:
    generations = Generations(desk.ledger, MemoryStores(), WordEmbedder("other", 32))
    desk.indexer = Indexer(
        Vault(desk.root), desk.ledger, generations.store, generations.embedder, Policy(), generations=generations
    )
    desk.indexer.prepare()
    desk.linker = desk.new_linker()
    assert desk.linker.ranked(INDEX, 5)
    while desk.indexer.tend():
        pass
    assert generations.status() is None and desk.ledger.dimensions() == 32
    assert desk.linker.ranked(INDEX, 5) == desk.new_linker().ranked(INDEX, 5) != []
