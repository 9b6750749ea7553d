"""A made vault of any size with the text of real notes, and an embedder that stands in where embedding takes hours.

    python -m tests.bench.generated FOLDER NOTES [SEED]      # writes a vault

Every note begins as a real one (the shared vaults and judged documents): it keeps frontmatter, headings, tags and
links, takes some paragraphs of other notes of its language, and one word in eight of its prose is another. So no two
notes have the same text, and words are as frequent as in real notes.
"""

import hashlib
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES, load
from vault_sync.ports import Embedder, EmbedderSpec, Vectors
from vault_sync.text import language_of

VAULTS = ("techwiki-en", "brainnet-ru", "dataeng-en")
IN_A_FOLDER = 1000
"""Notes a top folder, in ten folders of their own: what the benchmark of a renamed folder moves."""
SWAPPED = 8
"""One word in so many is swapped."""
TAKEN = 3
"""One paragraph in so many is another note's."""
SHORT = 12
"""A note with fewer words that may be swapped gets a paragraph more, so that its text is like no other's."""
YEARS = 3
"""The times of the files spread over so many years."""
SAMPLE = 400
NOISE = 0.3
"""The length of the noise beside a real vector of length 1."""

_PIECE = re.compile(r"\[\[.*?\]\]|!?\[[^\]]*\]\([^)]*\)|https?://\S+|`[^`\n]*`|[^\W\d_]{4,}|\s+|\S", re.DOTALL)
_PLAIN = re.compile(r"[^\W\d_]{4,}")
_UNFIT = re.compile(r"[^\w \-()]")
_TAGS = ("project", "reading", "idea", "work/meeting", "заметка", "черновик", "база/данные", "health")


class Paragraph(NamedTuple):
    """A block of a note between blank lines, in pieces; `free` are the places of words that may be swapped."""

    pieces: tuple[str, ...]
    free: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A real note."""

    title: str
    language: str
    frontmatter: str
    paragraphs: tuple[Paragraph, ...]


class Made(NamedTuple):
    """A note of a made vault."""

    path: str
    text: str


def sources() -> list[Source]:
    """The real notes, English and Russian in turns, in an order that never changes."""
    found = [*_vault_notes(), *_documents()]
    by_language = {name: [s for s in found if s.language == name] for name in ("en", "ru")}
    order = random.Random(5)
    for each in by_language.values():
        order.shuffle(each)
    most = max(map(len, by_language.values()))
    return [each[i % len(each)] for i in range(most) for each in by_language.values()]


def _vault_notes() -> Iterator[Source]:
    for name in VAULTS:
        for file in sorted((FIXTURES / "vaults" / name).rglob("*.md")):
            yield _source(file.stem, file.read_text(encoding="utf-8"))


def _documents() -> Iterator[Source]:
    for document in load("scifact").documents[:600]:
        yield _source(document.title[:60], f"# {document.title}\n\n{document.text}\n")
    sentences = load("xquad-sent-ru").documents
    for article, parts in groupby(sentences, key=lambda document: document.id.rsplit("-", 2)[0]):
        texts = [document.text for document in parts]
        joined = "\n\n".join(" ".join(texts[i : i + 4]) for i in range(0, len(texts), 4))
        yield _source(" ".join(_PLAIN.findall(texts[0])[:4]) or article, joined)


def _source(title: str, text: str) -> Source:
    front, body = "", text
    if text.startswith("---\n") and (end := text.find("\n---", 4)) > 0:
        front, body = text[: end + 4], text[end + 4 :]
    return Source(_UNFIT.sub(" ", title).strip()[:70] or "Note", language_of(text), front, tuple(_paragraphs(body)))


def _paragraphs(body: str) -> Iterator[Paragraph]:
    """The blocks between blank lines; fenced code stays in one."""
    block: list[str] = []
    fenced = False
    for line in [*body.splitlines(), ""]:
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if line.strip() or fenced:
            block.append(line)
        elif block:
            yield _paragraph("\n".join(block))
            block = []
    if block:
        yield _paragraph("\n".join([*block, "```"]))


def _paragraph(text: str) -> Paragraph:
    pieces = tuple(_PIECE.findall(text))
    prose = not text.startswith(("#", "```", "|", "    "))
    free = (i for i, piece in enumerate(pieces) if _PLAIN.fullmatch(piece)) if prose else ()
    return Paragraph(pieces, tuple(free))


def made(notes: int, seed: int = 0) -> Iterator[Made]:
    """`notes` notes; the same ones for the same seed, and the first ones of a larger vault are those of a smaller."""
    real = sources()
    pools = {name: [p for s in real if s.language == name for p in s.paragraphs if p.free] for name in ("en", "ru")}
    words = {name: [p.pieces[i] for p in pool for i in p.free] for name, pool in pools.items()}
    for number in range(notes):
        source, draw = real[number % len(real)], random.Random(seed * 1_000_003 + number)
        paragraphs = _exchanged(source.paragraphs, pools[source.language], draw)
        body = "\n\n".join(_varied(each, words[source.language], draw) for each in paragraphs)
        yield Made(_path(number, len(real), source), f"{_front(source, number, draw)}{body}\n")


def _path(number: int, round_length: int, source: Source) -> str:
    again = number // round_length
    name = f"{source.title} {again}" if again else source.title
    area, part = divmod(number, IN_A_FOLDER)
    # Shortened titles may be equal within a round; the number keeps the paths apart.
    return f"Area {area:02}/Part {part // 100}/{name} ({number}).md"


def _front(source: Source, number: int, draw: random.Random) -> str:
    if source.frontmatter:
        return source.frontmatter + "\n\n"
    if number % 3:
        return ""
    day = f"202{draw.randint(3, 6)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
    return f"---\ntags: [{', '.join(draw.sample(_TAGS, 2))}]\ncreated: {day}\n---\n\n"


def _exchanged(paragraphs: Sequence[Paragraph], pool: Sequence[Paragraph], draw: random.Random) -> Iterator[Paragraph]:
    for each in paragraphs:
        yield draw.choice(pool) if each.free and draw.random() < 1 / TAKEN else each
    if sum(len(each.free) for each in paragraphs) < SHORT:
        yield draw.choice(pool)


def _varied(paragraph: Paragraph, words: Sequence[str], draw: random.Random) -> str:
    pieces = list(paragraph.pieces)
    if paragraph.free:
        for place in draw.choices(paragraph.free, k=1 + len(paragraph.free) // SWAPPED):
            pieces[place] = draw.choice(words)
    return "".join(pieces)


def write_vault(folder: Path, notes: int, seed: int = 0) -> None:
    """Write a vault of `notes` notes into an empty `folder`."""
    now = time.time()
    times = random.Random(seed)
    for note in made(notes, seed):
        file = folder / note.path
        try:
            file.write_bytes(note.text.encode())
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(note.text.encode())
        at = now - times.random() * YEARS * 365 * 86400
        os.utime(file, (at, at))


class StandIn:
    """Vectors in no time: two real ones mixed, and noise, all chosen by a hash of the text. They lie as real ones do
    (in the same narrow cone, in clusters), but mean nothing: measure times with it, never what is found.

    Its spec is the real embedder's, so that a vault that was embedded by it can be used with the real one after; its
    queries are embedded by the real one.
    """

    def __init__(self, real: Embedder) -> None:
        """`real` embeds the sample once; after that it comes from a cache outside the repository."""
        self._real = real
        texts = [document.text[:500] for document in load("scifact").documents[: SAMPLE // 2]]
        texts += [document.text for document in load("xquad-sent-ru").documents[: SAMPLE // 2]]
        self.sample = CachedEmbedder(real).embed_passages(texts)

    @property
    def spec(self) -> EmbedderSpec:
        return self._real.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(
            len(texts), self.sample.shape[1]
        )

    def embed_query(self, text: str) -> Vectors:
        return self._real.embed_query(text)

    def count_tokens(self, text: str) -> int:
        return self._real.count_tokens(text)

    def _vector(self, text: str) -> Vectors:
        draw = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
        first, second = draw.integers(0, len(self.sample), 2)
        share = draw.uniform(0.5, 1.0)
        noise = draw.standard_normal(self.sample.shape[1], dtype=np.float32)
        mixed = share * self.sample[first] + (1 - share) * self.sample[second]
        mixed = mixed / np.linalg.norm(mixed) + NOISE * noise / np.linalg.norm(noise)
        return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


if __name__ == "__main__":
    began = time.perf_counter()
    write_vault(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    print(f"{sys.argv[2]} notes in {time.perf_counter() - began:.1f} s")
