"""Famulus's own finder of mentions, as the benchmarks ask it: through a ledger for a vault, bare for sentences."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from agents.linkpaths import LinkPaths
from agents.mention_context import LedgerContext
from agents.mentions import Context, Entry, Known, Names, find_mentions
from agents.name_index import NameIndex
from tests.fakes.embedder import WordEmbedder
from tests.mention_cases import Found, cases, vault
from vault_sync.edit import content_hash
from vault_sync.ledger import Ledger
from vault_sync.note import Note
from vault_sync.parse import parse_note
from vault_sync.paths import VaultPath, title_of
from vault_sync.policy import InForce, Policy
from vault_sync.ports import Embedder
from vault_sync.stores.memory import MemoryStore
from vault_sync.sync import Indexer
from vault_sync.vault import Vault

Finder = Callable[[Note], Sequence[Found]]
POLICY = Policy()


@contextmanager
def finder(notes: Mapping[VaultPath, Note]) -> Iterator[Finder]:
    """Finds mentions in a vault of these notes, with its names, habits and policy as the daemon has them."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = _indexed(notes, Path(folder))
        names = NameIndex(ledger, InForce(POLICY), LinkPaths(ledger)).current()
        # Without the hash of the note's bytes no vectors are compared.
        yield (
            lambda note: _found(note, names, LedgerContext(ledger, note.path, "")) if POLICY.writable(note.path) else []
        )
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
        yield lambda note: _found(note, names, OnlyVectors(ledger, note.path, content_hash(note.text.encode())))
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
