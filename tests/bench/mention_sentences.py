"""The written sentences: what is right, wrong and missed in them, by category."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.mention_finder import Finder, written_finder, written_finder_with
from tests.mention_cases import LANGUAGES, PARTS, Verdict, cases, judge
from vault_sync.notes.parse import parse_note


@dataclass(frozen=True, slots=True)
class Written:
    """The written sentences of a language and part, all or one category; `vectors` is what decides between notes of
    one name."""

    language: str
    part: str
    vectors: str
    category: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def written() -> list[Written]:
    """The sentences by language, part and category, with and without vectors; the category is empty for all together."""
    embedder = CachedEmbedder(E5Embedder())
    rows = []
    for language, part in product(LANGUAGES, PARTS):
        rows += _rows(language, part, "none", written_finder(language, part))
        with written_finder_with(embedder, language, part) as find:
            rows += _rows(language, part, "e5-small", find)
    return rows


def _rows(language: str, part: str, vectors: str, find: Finder) -> list[Written]:
    verdicts = [judge(c, find(parse_note(c.path, c.text.encode()))) for c in cases(language, part)]
    names = ["", *dict.fromkeys(verdict.case.category for verdict in verdicts)]
    return [_tally((language, part, vectors), name, verdicts) for name in names]


def _tally(of: tuple[str, str, str], category: str, verdicts: Sequence[Verdict]) -> Written:
    those = [verdict for verdict in verdicts if category in ("", verdict.case.category)]
    right, wrong, missed = (sum(len(getattr(v, kind)) for v in those) for kind in ("right", "wrong", "missed"))
    return Written(*of, category, right, wrong, missed)
