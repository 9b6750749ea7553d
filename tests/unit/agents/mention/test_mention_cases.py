"""The written sentences are sound: marks parse, targets exist, and no name stands unmarked by oversight."""

import pytest

from tests.mention_cases import LANGUAGES, PARTS, Case, Found, cases, judge, vault
from vault_sync.paths import folder_of, title_of
from vault_sync.text import stems

NEGATIVE = {"ambiguous_undecided", "compound", "common", "forbidden", "homonym", "none", "first", "heading"}
"""Categories in which names stand unmarked on purpose."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_enough_sentences_and_leaves_no_mark_in_a_text(language: str, part: str) -> None:
    found = cases(language, part)
    assert len(found) >= (60 if part in ("fresh", "fresh5", "fresh6") else 100)
    assert not [case.text for case in found if set("⟦⟧→") & set(case.text)]
    assert not [m for case in found for m in case.mentions if case.text[m.span.start : m.span.end] != m.words]


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_halves_have_the_same_categories_and_no_sentence_in_common(language: str) -> None:
    dev, held = (cases(language, part) for part in ("dev", "held"))
    assert {case.category for case in dev} == {case.category for case in held}
    assert not {case.text for case in dev} & {case.text for case in held}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_marked_heading_is_one_of_its_note(language: str) -> None:
    marked = [(m, part) for part in PARTS for case in cases(language, part) for m in case.mentions if m.heading]
    assert {part for _, part in marked} == {"dev", "held", "fresh", "fresh4"}
    assert not [m for m, part in marked if m.heading not in vault(language, part)[m.target].headings]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_no_name_stands_unmarked_by_oversight(language: str, part: str) -> None:
    """Notes that say what they are about, and those of the root, have names that are everyday words too."""
    names = {
        tuple(stems(name)): note.path
        for note in vault(language, part).values()
        if folder_of(note.path) and not note.text
        for name in (title_of(note.path), *note.aliases, *(h for h in note.headings if " " in h))
        if not name.isupper()
    }
    forgotten = [
        (case.id, " ".join(name))
        for case in cases(language, part)
        if case.category not in NEGATIVE
        for name in names
        if _stands(name, _unmarked_words(case))
    ]
    assert not forgotten


def test_a_proposal_is_right_with_and_without_a_possessive_ending_and_wrong_elsewhere() -> None:
    case = next(c for c in cases("en", "dev") if c.text.startswith("Darwin's"))
    (mention,) = case.mentions
    longer = Found(type(mention.span)(0, len("Darwin's")), mention.target)
    assert judge(case, [longer]).right
    assert judge(case, [Found(mention.span, mention.target)]).right
    other = next(path for path in vault("en") if path != mention.target)
    verdict = judge(case, [Found(mention.span, other)])
    assert (verdict.wrong, verdict.missed) == ((Found(mention.span, other),), (mention,))


def _unmarked_words(case: Case) -> list[str]:
    text = case.text
    for mention in reversed(case.mentions):
        text = f"{text[: mention.span.start]} § {text[mention.span.end :]}"
    return stems(text)


def _stands(name: tuple[str, ...], words: list[str]) -> bool:
    return any(tuple(words[i : i + len(name)]) == name for i in range(len(words)))
