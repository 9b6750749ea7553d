"""The written sentences: what is right, wrong and missed in them, by category."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.mention_finder import written_finder
from tests.mention_cases import LANGUAGES, PARTS, Verdict, cases, judge
from vault_sync.parse import parse_note


@dataclass(frozen=True, slots=True)
class Written:
    """The written sentences of a language and part, all or one category."""

    language: str
    part: str
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
    """The sentences by language, part and category; the category is empty for all together."""
    rows = []
    for language in LANGUAGES:
        for part in PARTS:
            find = written_finder(language, part)
            verdicts = [judge(c, find(parse_note(c.source, c.text.encode()))) for c in cases(language, part)]
            names = ["", *dict.fromkeys(verdict.case.category for verdict in verdicts)]
            rows += [_tally(language, part, name, verdicts) for name in names]
    return rows


def _tally(language: str, part: str, category: str, verdicts: Sequence[Verdict]) -> Written:
    those = [verdict for verdict in verdicts if category in ("", verdict.case.category)]
    right, wrong, missed = (sum(len(getattr(v, kind)) for v in those) for kind in ("right", "wrong", "missed"))
    return Written(language, part, category, right, wrong, missed)
