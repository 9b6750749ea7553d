import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.links.linkpaths import LinkPaths
from agents.mention.context import LedgerContext
from agents.mention.mentions import find_mentions
from agents.mention.name_index import NameIndex
from agents.mention.sense import Portraits
from agents.related.sample import Sample
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.notes.note import Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash

HERE, PLANET, GOD = VaultPath("Here.md"), VaultPath("A/Mercury.md"), VaultPath("B/Mercury.md")
TEXT = "Craters cover Mercury, an orbit near sunlight, rocky craters.\n"
NOTES = {
    HERE: TEXT,
    PLANET: "Craters, orbit, sunlight, rocky craters near the orbit.\n",
    GOD: "Winged sandals, messages, thieves, trade.\n",
    VaultPath("Linker.md"): "See [[Docker|the whale]].\n",
    VaultPath("Docker.md"): "---\naliases: [moby]\n---\nBoxes.\n\n## Image layers\n\nThin.\n",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    for path, text in NOTES.items():
        (tmp_path / "vault" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / path).write_text(text)
    found = Ledger(tmp_path / "index.db")
    indexer = Indexer(Vault(tmp_path / "vault"), found, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    yield found
    found.close()


def test_the_passage_decides_which_note_is_meant(ledger: Ledger) -> None:
    context = LedgerContext(ledger, HERE, content_hash(TEXT.encode()))
    assert context.choose(Span(14, 21), TEXT, [GOD, PLANET]) == PLANET
    assert LedgerContext(ledger, HERE, "other bytes").choose(Span(14, 21), TEXT, [GOD, PLANET]) is None


def test_words_decide_where_vectors_do_not(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerContext, "_mean", lambda self, target: self._vector(Span(0, 1)))
    bare = LedgerContext(ledger, HERE, content_hash(TEXT.encode()))
    assert bare.choose(Span(14, 21), TEXT, [GOD, PLANET]) is None
    told = LedgerContext(ledger, HERE, content_hash(TEXT.encode()), Portraits(ledger, Sample(ledger)))
    assert told.choose(Span(14, 21), TEXT, [GOD, PLANET]) == PLANET
    assert told.choose(Span(14, 21), "Mercury was there.", [GOD, PLANET]) is None


def test_it_knows_how_common_a_word_is(ledger: Ledger) -> None:
    context = LedgerContext(ledger, HERE, "")
    assert context.passages() == ledger.passages() == ledger.counts()[2] > 0
    assert context.share("crater") == 2 / context.passages()
    assert context.share("unheard") == 0


def test_the_index_knows_all_names(ledger: Ledger) -> None:
    names = NameIndex(ledger, Policy(), LinkPaths(ledger), headings=True).current()
    note = parse_note(VaultPath("New.md"), b"The whale and moby, on image layers.\n\n# x\n\nmoby")
    found = find_mentions(note, names, least=0, once="note")
    assert [mention.kind for mention in found] == ["anchor"]
    bare = parse_note(VaultPath("New.md"), b"Moby\n\n# x\n\nImage layers\n")
    kinds = [mention.kind for mention in find_mentions(bare, names, least=0)]
    assert kinds == ["alias", "heading"]


def test_links_of_famulus_are_no_evidence(ledger: Ledger) -> None:
    ours = {("Linker.md", "Docker.md")}
    names = NameIndex(ledger, Policy(), LinkPaths(ledger), ours=lambda: ours).current()
    assert find_mentions(parse_note(VaultPath("New.md"), b"The whale."), names, least=0) == []


def test_names_are_made_ahead_and_the_first_who_wants_them_does_not_wait(ledger: Ledger) -> None:
    index, held, done = NameIndex(ledger, Policy(), LinkPaths(ledger)), threading.Event(), threading.Event()

    def hold() -> bool:
        held.set()
        return not done.is_set()

    ahead = threading.Thread(target=index.warm, args=(hold,))
    ahead.start()
    held.wait()
    names = index.current()
    done.set()
    ahead.join()
    assert index.current() is names and VaultPath("Docker.md") in names


def test_names_that_were_not_finished_are_made_again(ledger: Ledger) -> None:
    index = NameIndex(ledger, Policy(), LinkPaths(ledger))

    def ends() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.warm(ends)
    assert VaultPath("Docker.md") in index.current()
