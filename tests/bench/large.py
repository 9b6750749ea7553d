"""Indexes of large vaults for measuring search: real text, varied, with vectors that stand in; kept in the cache.

    python -m tests.bench.large CHUNKS      # prints where it lies

What lies there is what the daemon keeps: ledger with full text, Chroma, mapped vectors. It is made anew when the code
that cuts notes and splits words has changed.
"""

import hashlib
import shutil
import sys
import time
from pathlib import Path

from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.embedders import CACHE
from tests.bench.generated import YEARS, Made, StandIn, made
from vault_sync.index import outbox, record
from vault_sync.index.key import vector_key
from vault_sync.index.ledger import Ledger
from vault_sync.index.record import Keyed
from vault_sync.index.records import FileStamp
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import content_hash

CODE = ("chunk.py", "lexical.py", "schema.py", "text.py", "visible.py", "terms.py")
AT_ONCE = 200
"""Notes a transaction."""


def built(chunks: int) -> Path:
    """The folder of an index of about so many chunks, made where it is not there yet."""
    folder = CACHE / f"large-{chunks}-{_code()}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _build(folder, chunks)
        (folder / "whole").touch()
    return folder


def _code() -> str:
    package = Path(record.__file__).parent
    files = (package / name for name in CODE)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()[:12]


def _build(folder: Path, chunks: int) -> None:
    ledger, store = open_embedded(folder)
    embedder = StandIn(E5Embedder())
    model = f"{embedder.spec.model}|{embedder.spec.passage_prefix}|{embedder.spec.dimensions}"
    ledger.set_meta("embedder", model)
    part: list[Made] = []
    for note in made(chunks):
        part.append(note)
        if len(part) == AT_ONCE:
            _put(ledger, embedder, part)
            part = []
            if ledger.counts()[2] >= chunks:
                break
    outbox.flush(ledger, store)
    store.close()
    ledger.close()


def _put(ledger: Ledger, embedder: StandIn, notes: list[Made]) -> None:
    with ledger.database.write():
        for number, note in enumerate(notes):
            data = note.text.encode()
            parsed = parse_note(VaultPath(note.path), data)
            keyed = [Keyed(chunk, vector_key(embedder.spec, chunk.embed_text)) for chunk in chunk_note(parsed)]
            texts = {each.key: each.chunk.embed_text for each in keyed}
            record.put_vectors(ledger, list(texts), embedder.embed_passages(list(texts.values())))
            age = (hash(note.path) % 1000 + number) % 1000 / 1000 * YEARS * 365 * 86400
            stamp = FileStamp(note.path, len(data), int((time.time() - age) * 1e9))
            record.put_note(ledger, stamp, content_hash(data), parsed, keyed)


if __name__ == "__main__":
    print(built(int(sys.argv[1])))
