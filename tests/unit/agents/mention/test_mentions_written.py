"""The sentences of `tests/cases/mentions_*.json` through the finder, without a context: how much is right at least."""

from collections import Counter

import pytest

from agents.mention.mentions import Entry, Names, find_mentions
from tests.mention_cases import LANGUAGES, TUNED, Found, Verdict, cases, judge, vault
from vault_sync.notes.parse import parse_note
from vault_sync.paths import title_of, vault_path

FLOORS = {"dev": (0.95, 0.9), "held": (0.95, 0.9), "fresh": (0.85, 0.85)}
"""Precision and recall. A quarter of the fresh sentences are homonyms, everyday words and names of two notes."""


@pytest.fixture(scope="module")
def verdicts() -> dict[tuple[str, str], list[Verdict]]:
    found = {}
    for language in LANGUAGES:
        for part in FLOORS:
            notes = vault(language, part).values()
            names = Names.build(Entry(n.path, title_of(n.path), n.aliases, n.headings) for n in notes)
            found[language, part] = [
                judge(case, mentions(case.source, case.text, names)) for case in cases(language, part)
            ]
    return found


def mentions(path: str, text: str, names: Names) -> list[Found]:
    note = parse_note(vault_path(path), text.encode())
    return [Found(m.span, m.target, m.heading or "") for m in find_mentions(note, names)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", FLOORS)
def test_enough_is_found_and_little_of_it_is_wrong(
    language: str, part: str, verdicts: dict[tuple[str, str], list[Verdict]]
) -> None:
    those = verdicts[language, part]
    right, wrong, missed = (sum(len(getattr(v, kind)) for v in those) for kind in ("right", "wrong", "missed"))
    faults = listed([v for v in those if v.wrong or v.missed], part)
    precision, recall = FLOORS[part]
    assert right / (right + wrong) >= precision, f"{wrong} of {right + wrong} are wrong:\n{faults}"
    assert right / (right + missed) >= recall, f"{missed} of {right + missed} are missed:\n{faults}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("category", ["forbidden", "none", "ambiguous_undecided"])
def test_nothing_is_proposed_where_nothing_may_be(
    language: str, category: str, verdicts: dict[tuple[str, str], list[Verdict]]
) -> None:
    wrong = [v for part in FLOORS for v in verdicts[language, part] if v.case.category == category and v.wrong]
    assert not wrong, "\n".join(map(str, wrong))


def listed(faulty: list[Verdict], part: str) -> str:
    """The sentences; of the other parts only how many of each category, so that nobody tunes to them."""
    if part in TUNED:
        return "\n".join(map(str, faulty))
    return str(dict(Counter(verdict.case.category for verdict in faulty)))
