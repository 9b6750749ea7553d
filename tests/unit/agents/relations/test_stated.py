"""What a note's owner wrote of how other notes stand to it."""

import pytest

from agents.relations.stated import stated_in
from vault_sync.index.records import Occurrence
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath


def chunk(text: str, *heading: str) -> Occurrence:
    return Occurrence(0, 0, VaultPath("A.md"), "A", 0, heading, 1, 9, Span(0, len(text)), text, "key", 0.0)


def test_each_list_says_what_its_notes_are() -> None:
    text = (
        "### Вышестоящие\n\n- [[Карта знаний]]: метод.[^1]\n\n### Нижестоящие\n- [[K/Атомарная заметка|мысль]]\n"
        "1. **[[Literature notes#Why]]** — так\n\n## В чём суть\n\n- [[Ещё]]\n"
    )
    assert stated_in([chunk(text, "Связанные идеи")]) == {
        "карта знаний": "broader",
        "атомарная заметка": "narrower",
        "literature notes": "narrower",
    }


@pytest.mark.parametrize(
    ("heading", "relation"),
    [
        ("Broader", "broader"),
        ("Parent notes", "broader"),
        ("⬆️ Вышестоящие идеи", "broader"),
        ("Narrower:", "narrower"),
        ("Дочерние заметки", "narrower"),
        ("Directly related", "direct"),
        ("Прямо относящиеся", "direct"),
        ("Broader impact of the law", None),
        ("Родительское собрание", None),
        ("Children of the revolution", None),
    ],
)
def test_headings(heading: str, relation: str | None) -> None:
    assert stated_in([chunk("- [[B]] so", "Top", heading)]).get("b") == relation
    assert stated_in([chunk(f"## {heading}\n- [[B]]")]).get("b") == relation


def test_only_what_begins_an_item_counts_and_the_first_place_of_it() -> None:
    text = "## Broader\nSee [[A]].\n- about [[B]]\n- [[C]]\n## Narrower\n- [[C]]\n- [[#here]]\n"
    assert stated_in([chunk(text)]) == {"c": "broader"}
