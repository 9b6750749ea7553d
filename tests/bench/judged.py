"""Judged retrieval sets as vaults: every document becomes a note."""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(os.environ.get("FAMULUS_FIXTURES", Path(__file__).parents[3] / "shared"))
PUBLISHED_BM25 = {"scifact": 0.682, "xquad-sent-en": 0.848, "xquad-sent-ru": 0.821, "xquad-par-ru2en": 0.141}
"""nDCG@10 of BM25 (k1 0.9, b 0.4, Snowball) as the sets' own README gives it."""


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """`relevant` maps a query id to the relevance of documents; only queries that have any are kept."""

    name: str
    documents: tuple[Document, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]


def load(name: str) -> JudgedSet:
    folder = FIXTURES / "ir" / name
    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, relevance = line.split("\t")
        relevant.setdefault(query, {})[document] = int(relevance)
    documents = tuple(Document(r["_id"], r["title"], r["text"]) for r in _rows(folder / "corpus.jsonl"))
    queries = {r["_id"]: r["text"] for r in _rows(folder / "queries.jsonl") if r["_id"] in relevant}
    return JudgedSet(name, documents, queries, relevant)


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write_vault(judged: JudgedSet, folder: Path) -> None:
    """`<id>.md` for each document, its title as a heading."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in judged.documents:
        title = document.title.replace("_", " ").strip()
        body = f"# {title}\n\n{document.text}\n" if title else f"{document.text}\n"
        (folder / f"{document.id}.md").write_text(body, encoding="utf-8")


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """nDCG of a ranking of document ids, the gain being the judged relevance."""
    gained = sum(relevant.get(name, 0) / math.log2(rank + 2) for rank, name in enumerate(ranked[:depth]))
    ideal = sorted(relevant.values(), reverse=True)[:depth]
    return gained / sum(gain / math.log2(rank + 2) for rank, gain in enumerate(ideal))


def distinct(names: Iterable[str]) -> list[str]:
    """Each name once, where it stands first."""
    return list(dict.fromkeys(names))
