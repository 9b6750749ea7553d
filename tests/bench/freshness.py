"""How soon an edited paragraph is found in a large vault, and what moves, touches and checkouts embed: nothing.

    python -m tests.bench.freshness [NOTES]

The indexer, ledger, Chroma and mapped vectors are those of the daemon. The vault is made of real text, and its vectors
stand in (see `generated`); what is edited is embedded by the real embedder, and that time is taken off. As soon as the
vectors are in the store, a search by words and one by meaning alone must return the edited chunk; their time is taken
off, too. Chroma is written later, in a quiet moment: its row is the time to which that adds up, without the lull.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.start import built
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.ports import ChunkStore, Embedder, EmbedderSpec, Vectors
from vault_sync.search import lexical
from vault_sync.search.search import Searcher
from vault_sync.vault import Vault

NOTES = 10_000
EDITS = 40
LIMIT = 30.0
"""Milliseconds beside the embedding, p95."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Milliseconds from the end of the quiet time until the paragraph is found, without its embedding."""

    notes: int
    edits: int
    found: int
    changed: int
    """Chunks that are others than before."""
    new: int
    """Of these, how many have a text that was in no note before: what others have is not embedded again."""
    embedded: int
    by_words: tuple[float, float, float]
    """Median, p95 and longest until full text finds it, which search then shows."""
    by_meaning: tuple[float, float, float]
    """The same until a search by meaning alone returns it."""
    in_chroma: tuple[float, float, float]
    """The same until Chroma has learnt of it, too, which no search waits for."""
    embedding: float
    """Median, a whole edit."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to so many notes, what it embedded and how many seconds until the index was right again.

    `anew` is how long embedding their chunks would take, by the time that the edited ones took.
    """

    what: str
    notes: int
    embedded: int
    seconds: float
    anew: float


class Timed:
    """The real embedder, and how long it took."""

    def __init__(self) -> None:
        self._real = E5Embedder()
        self._real.embed_query("warm")
        self.seconds = 0.0
        self.texts = 0

    @property
    def spec(self) -> EmbedderSpec:
        return self._real.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        vectors = self._real.embed_passages(texts)
        self.seconds += time.perf_counter() - began
        self.texts += len(texts)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        return self._real.embed_query(text)

    def count_tokens(self, text: str) -> int:
        return self._real.count_tokens(text)


class Watched:
    """The store. When vectors come to it the words must be in the full text, and when it has them a search by meaning must
    find them: the chunk with `word` is then looked for, by its text.
    """

    def __init__(self, store: ChunkStore, ledger: Ledger, embedder: Embedder) -> None:
        self._store, self._ledger = store, ledger
        self._searcher = Searcher(ledger, store, embedder)
        self.word = ""
        self.words_at, self.meaning_at = 0.0, 0.0
        self.looking_for_words, self.looking = 0.0, 0.0
        self.found = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def expect(self, word: str) -> None:
        """A chunk with this word, that no other has, is about to come."""
        self.word, self.found = word, False

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        word, self.word = self.word, ""
        if not word:
            self._store.add(occurrences, vectors)
            return
        self.words_at = time.perf_counter()
        by_words = bool(lexical.search(self._ledger.read(), word, 1))
        text = next(each.text for each in self._ledger.occurrences(occurrences).values() if word in each.text)
        self.looking_for_words = time.perf_counter() - self.words_at
        self._store.add(occurrences, vectors)
        self.meaning_at = time.perf_counter()
        near = self._searcher.search(text, 10, "dense")
        self.found = by_words and any(word in hit.text for hit in near)
        self.looking = self.looking_for_words + time.perf_counter() - self.meaning_at


@dataclass(slots=True)
class Desk:
    root: Path
    ledger: Ledger
    store: ChunkStore
    watched: Watched
    indexer: Indexer
    embedder: Timed

    def keys(self, path: VaultPath) -> set[str]:
        return {chunk.vector_key for chunk in self.ledger.occurrences_of(path)}


@contextmanager
def desk(notes: int) -> Iterator[Desk]:
    """A copy of the made vault and its index."""
    made = built(notes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(made / "vault", folder / "vault")
        shutil.copytree(next((made / "data" / "vaults").glob("vault-*")), folder / "index")
        ledger, store = open_embedded(folder / "index")
        embedder = Timed()
        watched = Watched(store, ledger, embedder)
        indexer = Indexer(Vault(folder / "vault"), ledger, cast(ChunkStore, watched), embedder, Policy(pdf=False))
        indexer.prepare()
        indexer.scan()
        assert embedder.texts == 0, "the copy is as the original"
        yield Desk(folder / "vault", ledger, store, watched, indexer, embedder)
        store.close()
        ledger.close()


def edits(desk: Desk, notes: int, rounds: int = EDITS) -> Edits:
    draw = random.Random(4)
    searcher = Searcher(desk.ledger, desk.store, desk.embedder)
    paths = draw.sample([path for path in desk.ledger.paths() if desk.keys(path)], rounds)
    by_words, by_meaning, in_chroma, embedding = [], [], [], []
    found = changed = new = 0
    embedded_before = _embedded(desk)
    before = desk.embedder.texts
    for path in paths:
        word = "".join(draw.choices("bdfglmnrst", k=4)) + "oxen"
        told = f"The {word} heron waits at the river until the {draw.choice(('boat', 'train', 'rain'))} comes."
        known = desk.keys(path)
        _edit(desk.root / path, told, draw)
        watched = desk.watched
        watched.expect(word)
        took, began = desk.embedder.seconds, time.perf_counter()
        desk.indexer.look([path])
        looked = time.perf_counter() - began - watched.looking
        took = desk.embedder.seconds - took
        began_to_learn = time.perf_counter()
        desk.store.catch_up()
        learnt = time.perf_counter() - began_to_learn
        assert watched.found, "its words are there before its vectors, and then a search by meaning returns it"
        by_words.append(1000 * (watched.words_at - began - took))
        by_meaning.append(1000 * (watched.meaning_at - began - took - watched.looking_for_words))
        in_chroma.append(1000 * (looked - took + learnt))
        embedding.append(1000 * took)
        _rest(desk)
        others = desk.keys(path) - known
        changed, new = changed + len(others), new + len(others - embedded_before)
        embedded_before |= others
        found += any(passage.path == path for passage in searcher.search(f"heron {word}", 5))
    embedded = desk.embedder.texts - before
    middle = statistics.median(embedding)
    spreads = (_spread(by_words), _spread(by_meaning), _spread(in_chroma))
    return Edits(notes, rounds, found, changed, new, embedded, *spreads, middle)


def _rest(desk: Desk) -> None:
    """What the daemon does when no other note comes."""
    desk.indexer.tend()
    desk.indexer.tend()


def _embedded(desk: Desk) -> set[str]:
    """The keys of all vectors."""
    return {row[0] for row in desk.ledger.read().execute("SELECT key FROM vectors")}


def _spread(times: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times)


def _edit(file: Path, told: str, draw: random.Random) -> None:
    """A sentence more at the end of one paragraph."""
    paragraphs = file.read_text(encoding="utf-8").split("\n\n")
    places = [i for i, text in enumerate(paragraphs) if text[:1].isalpha()] or [len(paragraphs) - 1]
    place = draw.choice(places)
    paragraphs[place] = f"{paragraphs[place].rstrip()} {told}"
    file.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")


def steps(desk: Desk) -> list[Step]:
    """What must embed nothing."""
    area, other = desk.root / "Area 03", desk.root / "Area 04"
    _git(desk.root, "init", "-b", "main")
    _commit(desk.root, "all")
    _git(desk.root, "checkout", "-b", "other")
    shutil.rmtree(other)
    _commit(desk.root, "fewer")
    _git(desk.root, "checkout", "main")
    desk.indexer.scan()
    return [
        _step(desk, "one file touched", 1, lambda: os.utime(next(other.rglob("*.md")))),
        _step(desk, "every time in a folder changed", 1000, lambda: _touch(other)),
        _step(desk, "a folder renamed", 1000, lambda: area.rename(desk.root / "Area 03 renamed")),
        _step(desk, "and back", 1000, lambda: (desk.root / "Area 03 renamed").rename(area)),
        _step(desk, "git checkout of a branch without a folder", 1000, lambda: _git(desk.root, "checkout", "other")),
        _step(desk, "git checkout back", 1000, lambda: _git(desk.root, "checkout", "main")),
    ]


def _step(desk: Desk, what: str, notes: int, happen: Callable[[], object]) -> Step:
    chunks = 3.2 * notes
    happen()
    before, began = desk.embedder.texts, time.perf_counter()
    desk.indexer.scan()
    seconds = time.perf_counter() - began
    each = desk.embedder.seconds / max(desk.embedder.texts, 1)
    return Step(what, notes, desk.embedder.texts - before, seconds, chunks * each)


def _touch(folder: Path) -> None:
    for file in folder.rglob("*.md"):
        os.utime(file)


def _git(folder: Path, *arguments: str) -> None:
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=alone, check=True, capture_output=True)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-m", message)


def compare(notes: int = NOTES) -> list[Edits | Step]:
    with desk(notes) as ground:
        return [edits(ground, notes), *steps(ground)]


def table(found: Sequence[Edits | Step]) -> str:
    lines = [
        "| notes | edits | found | chunks changed | new texts | embedded | embedding, median ms | beside it, until | median ms | p95"
        " | longest | p95 of 30 ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        if isinstance(one, Edits):
            rows = (
                ("found by its words", one.by_words, LIMIT),
                ("found by its meaning", one.by_meaning, LIMIT),
                ("Chroma up to date, which no search waits for", one.in_chroma, 0.0),
            )
            for until, (median, p95, longest), limit in rows:
                share = f"{p95 / limit:.2f}" if limit else "-"
                lines.append(
                    f"| {one.notes:,} | {one.edits} | {one.found} | {one.changed} | {one.new} | {one.embedded} | {one.embedding:.0f}"
                    f" | {until} | {median:.1f} | {p95:.1f} | {longest:.1f} | {share} |"
                )
    lines += ["", "| what happened | notes | embedded | seconds | embedding them would take |", "|---|---|---|---|---|"]
    for one in found:
        if isinstance(one, Step):
            lines.append(f"| {one.what} | {one.notes:,} | {one.embedded} | {one.seconds:.2f} | {one.anew:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else NOTES)))
