"""Generated sections on the shared vaults: drawn to be read as a stranger would, and what was said of those that were.

    python -m tests.bench.read_sections draw [--kind prompt|related] [--seed 1] [--count 10] [VAULT …]   # to be read
    python -m tests.bench.read_sections                                                            # what was said

The whole product writes them: its index, starter embedder, starter model, checks. Each vault is copied once with notes that
ask for the sections, and indexed once, into the cache. Nothing is written into the copy.
"""

import argparse
import asyncio
import json
import random
import shutil
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.compose import Famulus, compose
from daemon.config import Settings
from tests.bench.embedders import CACHE
from tests.bench.judged import FIXTURES
from tests.bench.vaults import NAMES
from tests.mention_cases import CASES
from vault_sync.evaluation.metrics import Estimate, estimate
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

QUESTIONS: Mapping[str, Sequence[str]] = {
    "en": (
        "What is it used for? What are its advantages and drawbacks?",
        "Which mistakes are made with this, and how are they avoided?",
        "How does it work?",
        "What should an engineer learn from this?",
    ),
    "ru": (
        "Для чего это нужно? Какие у этого преимущества и недостатки?",
        "Какие ошибки и ограничения здесь бывают?",
        "Как это работает?",
        "Что из этого стоит узнать инженеру?",
    ),
}
"""Each note is asked one after the other, from another one on, until there is a section."""
_FOLDER = "Famulus/Sections"
_KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A section as it would be written: the prompt's question (empty: the related notes), and the lines of its body.

    `looked` says how many notes were asked for one until this one was found.
    """

    vault: str
    path: str
    question: str
    lines: tuple[str, ...]
    looked: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A section, or one line of the related notes, that was read; the verdict is `kept`, or the kind of its fault."""

    vault: str
    path: str
    kind: str
    question: str
    lines: tuple[str, ...]
    verdict: str
    round: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many of those that were read would be kept, and the share with its interval, resampled by note."""

    kind: str
    round: int
    vault: str
    read: int
    kept: int
    share: Estimate


def judgements() -> list[Judged]:
    """All that was read."""
    rows = json.loads((CASES / "sections_read.json").read_text(encoding="utf-8"))["sections"]
    return [Judged(**{**row, "lines": tuple(row["lines"])}) for row in rows]


@asynccontextmanager
async def opened(name: str) -> AsyncGenerator[Famulus]:
    """The vault as the product serves it, indexed."""
    folder = CACHE / f"sections-{name}"
    vault = folder / "vault"
    if not vault.exists():
        shutil.copytree(FIXTURES / "vaults" / name, vault)
        for language, questions in QUESTIONS.items():
            for number, question in enumerate(questions):
                _put(vault / _FOLDER / f"{language} {number}.md", f"{language}-{number}", question)
    famulus = compose(Settings(vault=vault, data_dir=folder / "data"))
    try:
        await famulus.catch_up()
        yield famulus
    finally:
        await famulus.close()


def _put(file: Path, name: str, question: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    front = f"famulus: section\nfamulus-name: {name}\nfamulus-heading: Drawn\nfamulus-when: ask"
    file.write_text(f"---\n{front}\n---\n{question}\n", encoding="utf-8")


def order(paths: Iterable[VaultPath], seed: int, known: Iterable[str]) -> list[VaultPath]:
    """The notes that were not read before, in random order."""
    left = set(known)
    found = sorted(path for path in paths if path not in left and not path.startswith(_FOLDER))
    random.Random(seed).shuffle(found)
    return found


async def prompted(famulus: Famulus, path: VaultPath, number: int) -> tuple[str, tuple[str, ...]]:
    """The first question that the note answers, from the one with this number on, and the section that would be written."""
    record, data = famulus.ledger.note(path), famulus.read(path)
    if record is None or data is None:
        return "", ()
    language = record.language if record.language in QUESTIONS else "en"
    note, questions = parse_note(path, data), QUESTIONS[language]
    for which in range(len(questions)):
        asked = (number + which) % len(questions)
        wanted = famulus.sections.wanted(note, f"{language}-{asked}")
        made = await famulus.sections.make(note, data, wanted[0], remember=False) if wanted else None
        if made is not None:
            lines = made.suggestion.edit.after.splitlines()
            return questions[asked], tuple(line for line in lines if line.startswith(("- ", "[^")))
    return "", ()


async def related(famulus: Famulus, path: VaultPath) -> tuple[str, ...]:
    """The lines of the related notes that would be listed."""
    return tuple(
        f"{one.relation}: {one.target} ({one.score}) — {one.reason}" for one in await famulus.linker.suggest(path)
    )


async def draw(name: str, kind: str, seed: int, count: int) -> AsyncGenerator[Drawn]:
    """The first so many sections of the notes in random order."""
    known = {each.path for each in judgements() if (each.vault, each.kind) == (name, kind)}
    async with opened(name) as famulus:
        for number, path in enumerate(order(famulus.ledger.paths(), seed, known)):
            related_only = kind == "related"
            question, lines = (
                ("", await related(famulus, path)) if related_only else await prompted(famulus, path, number)
            )
            if lines:
                yield Drawn(name, path, question, lines, number + 1)
                count -= 1
            if count == 0:
                break


async def show(name: str, kind: str, seed: int, count: int) -> None:
    """Print them one after the other, for a model takes its time."""
    async for one in draw(name, kind, seed, count):
        print(f"\n# {one.vault} | {one.path} | {one.question} | {one.looked} looked at")
        print("\n".join(one.lines), flush=True)


def compare() -> list[Share]:
    """What was said, by kind, round and vault, and of all vaults."""
    judged = judgements()
    groups = sorted({(each.kind, each.round) for each in judged})
    found = []
    for kind, number in groups:
        rows = [each for each in judged if (each.kind, each.round) == (kind, number)]
        found += [_share(kind, number, name, [each for each in rows if each.vault == name]) for name in NAMES]
        found.append(_share(kind, number, "all", rows))
    return [one for one in found if one.read]


def _share(kind: str, number: int, name: str, rows: Sequence[Judged]) -> Share:
    kept = [each.verdict == _KEPT for each in rows]
    share = estimate([(each.path, float(good)) for each, good in zip(rows, kept, strict=True)])
    return Share(kind, number, name, len(rows), sum(kept), share)


def table(found: Sequence[Share]) -> str:
    """As Markdown."""
    lines = ["| what | round | vault | read | kept | share |", "|---|---|---|---|---|---|"]
    for one in found:
        interval = f"{one.share.mean:.2f} ({one.share.low:.2f}–{one.share.high:.2f})"
        lines.append(f"| {one.kind} | {one.round} | {one.vault} | {one.read} | {one.kept} | {interval} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=("draw",))
    parser.add_argument("vaults", nargs="*", metavar="VAULT", help=", ".join(NAMES))
    parser.add_argument("--kind", choices=("prompt", "related"), default="prompt")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.what is None:
        print(table(compare()))
        return
    for name in chosen.vaults or NAMES:
        asyncio.run(show(name, chosen.kind, chosen.seed, chosen.count))


if __name__ == "__main__":
    main()
