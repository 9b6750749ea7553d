"""The written sentences: what is right, wrong and missed in them, by category."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.mention_finder import written_finder
from tests.mention_cases import HALVES, LANGUAGES, Verdict, cases, judge
from vault_sync.parse import parse_note


@dataclass(frozen=True, slots=True)
class Written:
    """The written sentences of a language and half, all or one category."""

    language: str
    half: str
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
    """The sentences by language, half and category; the category is empty for all together."""
    rows = []
    for language in LANGUAGES:
        find = written_finder(language)
        for half in HALVES:
            verdicts = [judge(c, find(parse_note(c.source, c.text.encode()))) for c in cases(language, half)]
            names = ["", *dict.fromkeys(verdict.case.category for verdict in verdicts)]
            rows += [_tally(language, half, name, verdicts) for name in names]
    return rows


def _tally(language: str, half: str, category: str, verdicts: Sequence[Verdict]) -> Written:
    part = [verdict for verdict in verdicts if category in ("", verdict.case.category)]
    right, wrong, missed = (sum(len(getattr(v, kind)) for v in part) for kind in ("right", "wrong", "missed"))
    return Written(language, half, category, right, wrong, missed)
