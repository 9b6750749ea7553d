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
from tests.mention_cases import Found, vault
from vault_sync.ledger import Ledger
from vault_sync.note import Note
from vault_sync.paths import VaultPath, title_of
from vault_sync.policy import InForce, Policy
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
    entries = [Entry(n.path, title_of(n.path), n.aliases, n.headings) for n in vault(language, part).values()]
    names = Names.build(entries)
    return lambda note: _found(note, names)


def _found(note: Note, names: Known, context: Context | None = None) -> list[Found]:
    return [Found(m.span, m.target, m.heading or "") for m in find_mentions(note, names, context=context)]


def _indexed(notes: Mapping[VaultPath, Note], folder: Path) -> Ledger:
    """A ledger of the notes. Its vectors mean nothing: no mention asks for them."""
    root = folder / "vault"
    for path, note in notes.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(note.text.encode())
    ledger = Ledger(folder / "index.db")
    indexer = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(), POLICY)
    indexer.prepare()
    indexer.scan()
    return ledger
