"""The engines, in the harness's own process, so that a daemon starts at once: real vectors, each text embedded once,
and a chat model that knows nothing, so that reasons are quoted.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from daemon.engines.e5.embedder import E5Embedder
from tests.fakes.chat_engine import ScriptedEngine
from tests.fakes.openai_front import fronting
from vault_sync.ports import EmbedderSpec, Vectors


class Remembering:
    """An Embedder that remembers what it has embedded."""

    def __init__(self) -> None:
        self._inner = E5Embedder()
        self._known: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    @property
    def spec(self) -> EmbedderSpec:
        return self._inner.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._known]
            if new:
                self._known.update(zip(new, self._inner.embed_passages(new), strict=True))
            return np.stack([self._known[text] for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return self._inner.embed_query(text)

    def count_tokens(self, text: str) -> int:
        return self._inner.count_tokens(text)


@contextmanager
def serving_engines() -> Iterator[str]:
    """An OpenAI-compatible server with both; gives its URL."""
    with fronting(ScriptedEngine(lambda request: "nothing"), Remembering()) as url:
        yield url
