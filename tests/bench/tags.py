"""Hidden tags: the tags of 30 % of a vault's tagged notes are taken out, and each way of proposing tags is asked for them.

    python -m tests.bench.tags [VAULT …]

The notes without their tags are indexed, so that neither words nor vectors know them. Tags that no other note has can
not be found by anybody and are left out.
"""

import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.ports import Roles
from agents.prompts import Prompts
from agents.properties.describe import Describer
from agents.properties.tagging import proposed, ranked
from agents.properties.wishes import Choice, Wisher, words_of
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES
from tests.bench.retrieval import indexed
from tests.bench.vaults import NAMES
from vault_sync.index.ledger import Ledger
from vault_sync.index.tagged import Census, census, of_notes
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, vault_path
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.text import fold

SHARE, SEED, SHORTEST = 0.3, 11, 80
_TAG = re.compile(r"(?<![\w&/#])#[^\W\d][\w/\-]*")
_FRONT = re.compile(r"\A(---\n)(.*?)(^---)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^tags?[ \t]*:[^\n]*\n(?:[ \t]*-[^\n]*\n|[ \t]+\S[^\n]*\n)*", re.MULTILINE | re.IGNORECASE)
_NOBODY = frozenset[str]()

Rank = Callable[[VaultPath], list[str]]


@dataclass(frozen=True, slots=True)
class TagOutcome:
    """P@1 and recall@3 over `notes` hidden notes. `precision` is that of the `proposals` that Famulus would make."""

    vault: str
    way: str
    notes: int
    precision_at_1: float
    recall_at_3: float
    proposals: int = 0
    precision: float = 0.0
    notes_with_proposals: int = 0


def untagged(text: str) -> str:
    """The note without its tags, in frontmatter and text."""
    front = _FRONT.match(text)
    if front is None:
        return _TAG.sub("", text)
    return front[1] + _KEY.sub("", front[2]) + front[3] + _TAG.sub("", text[front.end() :])


def hide(vault: Path) -> dict[VaultPath, frozenset[str]]:
    """Take the tags out of some notes of this copy; returns them, folded."""
    tagged = {}
    for file in sorted(vault.rglob("*.md")):
        relative = file.relative_to(vault)
        note = parse_note(vault_path(relative.as_posix()), file.read_bytes())
        if note.tags and not any(part.startswith(".") for part in relative.parts):
            tagged[note.path] = (file, note)
    chosen = sorted(tagged)
    random.Random(SEED).shuffle(chosen)
    hidden = {}
    for path in chosen[: int(SHARE * len(chosen))]:
        file, note = tagged[path]
        bare = untagged(note.text)
        if len(bare.strip()) >= SHORTEST and not parse_note(path, bare.encode()).tags:
            file.write_text(bare, encoding="utf-8")
            hidden[path] = frozenset(map(fold, note.tags))
    return hidden


class Ways:
    """The ways of ranking tags, over one index."""

    def __init__(self, ledger: Ledger, searcher: Searcher, vault: Path) -> None:
        self.known: Census = census(ledger.read())
        self._ledger, self._searcher, self._vault = ledger, searcher, vault
        describer = Describer(Roles({}), _Nobody(), Prompts())
        self._wisher = Wisher(ledger, searcher, describer, Policy(), Choice())

    def frequent(self, path: VaultPath) -> list[str]:
        return [tag for tag, _ in Counter(self.known.count).most_common(3)]

    def nearest(self, path: VaultPath) -> list[str]:
        near = [passage.path for passage in self._searcher.related(path, 30)]
        tags = of_notes(self._ledger.read(), near)
        first = next((tags[each] for each in near if each in tags), _NOBODY)
        return sorted(first, key=lambda tag: -self.known.count[tag])

    def famulus(self, path: VaultPath) -> list[str]:
        return [fold(one.tag) for one in self._ranked(path)]

    def proposals(self, path: VaultPath) -> list[str]:
        return [fold(one.tag) for one in proposed(self._ranked(path), _NOBODY, self.known, _NOBODY)]

    def _ranked(self, path: VaultPath):  # type: ignore[no-untyped-def]
        note = parse_note(path, (self._vault / path).read_bytes())
        return ranked(self._wisher.around(path), words_of(note), self.known)


class _Nobody:
    async def masters(self, engine: object, language: str) -> bool:
        return False


def measure(name: str, embedder: CachedEmbedder) -> list[TagOutcome]:
    with tempfile.TemporaryDirectory() as folder:
        vault = Path(folder) / "vault"
        shutil.copytree(FIXTURES / "vaults" / name, vault)
        for part in vault.rglob("*"):
            part.chmod(0o755 if part.is_dir() else 0o644)
        vault.chmod(0o755)
        hidden = hide(vault)
        ledger, searcher = indexed(vault, Path(folder) / "data", embedder)
        ways = Ways(ledger, searcher, vault)
        truth = {path: tags & ways.known.count.keys() for path, tags in hidden.items() if ledger.note(path)}
        asked = {path: tags for path, tags in truth.items() if tags}
        outcomes = [
            _outcome(name, way, rank, asked)
            for way, rank in (("most frequent", ways.frequent), ("nearest note's", ways.nearest))
        ]
        made = {path: ways.proposals(path) for path in asked}
        right = sum(tag in asked[path] for path, tags in made.items() for tag in tags)
        total = sum(map(len, made.values()))
        own = _outcome(name, "Famulus", ways.famulus, asked)
        with_some = sum(map(bool, made.values()))
        figures = (own.notes, own.precision_at_1, own.recall_at_3, total, right / max(total, 1), with_some)
        ledger.close()
        return [*outcomes, TagOutcome(name, "Famulus", *figures)]


def _outcome(vault: str, way: str, rank: Rank, asked: dict[VaultPath, frozenset[str]]) -> TagOutcome:
    first = recall = 0.0
    for path, tags in asked.items():
        found = rank(path)
        first += bool(found) and found[0] in tags
        recall += len(set(found[:3]) & tags) / len(tags)
    return TagOutcome(vault, way, len(asked), first / len(asked), recall / len(asked))


def compare(names: Sequence[str] = NAMES) -> list[TagOutcome]:
    cached = CachedEmbedder(E5Embedder())
    return [outcome for name in names for outcome in measure(name, cached)]


def table(outcomes: Sequence[TagOutcome]) -> str:
    lines = [
        "| vault | way | notes | P@1 | R@3 | proposals | right | notes with some |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        made = f"{one.proposals} | {one.precision:.3f} | {one.notes_with_proposals}" if one.proposals else "| |"
        lines.append(
            f"| {one.vault} | {one.way} | {one.notes} | {one.precision_at_1:.3f} | {one.recall_at_3:.3f} | {made} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or NAMES)))
