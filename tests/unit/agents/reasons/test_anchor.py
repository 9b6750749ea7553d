import re

import pytest

from agents.links.linkform import heading_part
from agents.reasons.anchor import Anchor, anchor, stripped
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

NOTE = """# Trees

A tree has nodes.

## B-trees: [[Page|pages]] & keys #db

A B-tree keeps keys sorted. Its pages are few.
It is old. ^why

- an item that tells much ^item
- another item that tells

> A quote that tells something.

^quoted

## Use

It is used a lot.

### Details

Much to say here.

## Use

It is used here too.

## !!!

Nothing can link this.

```
## Code
```
After code, still there.
"""


@pytest.mark.parametrize(
    ("quotation", "heading", "found"),
    [
        ("A tree has nodes.", ("Trees",), Anchor("Trees")),
        ("A B-tree keeps keys sorted.", ("Trees", "x"), Anchor(block="why")),
        ("an item that tells much", (), Anchor(block="item")),
        ("another item that tells", (), Anchor("B-trees Page pages keys db")),
        ("A quote that tells something.", (), Anchor(block="quoted")),
        ("It is used a lot.", ("Trees", "Use"), Anchor("Use")),
        ("Much to say here.", ("Trees", "Use", "Details"), Anchor("Details")),
        ("It is used here too.", ("Trees", "Use"), Anchor("Trees")),
        ("Nothing can link this.", ("Trees", "!!!"), Anchor("Trees")),
        ("After code, still there.", ("Trees", "!!!"), Anchor("Trees")),
    ],
)
def test_where_a_quotation_stands(quotation: str, heading: tuple[str, ...], found: Anchor) -> None:
    assert anchor(NOTE, quotation, heading) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Old | style\n===\n\nThe text.", "Old | style"),
        ("# A\n\nIn two\nlines\n-\nThe text.", "In two lines"),
        ("---\ntags: x\n---\nThe text.", ""),
        ("# A\n\n---\nThe text.", "A"),
        ("# A\n\n```\n```c\n# B\n```\nThe text.", "A"),
        ("# A\n\n<div>\n</div>\n# B\nThe text.", "A"),
        ("# A\n\n<div>\n\n# B\n\nThe text.", "B"),
        ("# A\n\n```code``` in a line\n\n# B\n\nThe text.", "B"),
        ("# A\n\n~~~\n```\n~~~\n# B\n\nThe text.", "B"),
        ("# A\n\n````\n```\n# B\n````\nThe text.", "A"),
        ("# A\n\n- item\n---\nThe text.", "A"),
        ("# A\n\n> quote\n---\nThe text.", "A"),
    ],
)
def test_a_line_below_makes_a_heading(text: str, found: str) -> None:
    assert anchor(text, "The text.", ()) == Anchor(found)
    headings = parse_note(VaultPath("A.md"), text.encode()).headings
    assert [one.text for one in headings][-1:] == ([found] if found else [])


def test_what_does_not_stand_there_has_no_place() -> None:
    assert anchor(NOTE, "A tree has leaves.", ()) is None
    assert anchor(NOTE, "", ()) is None


def test_before_the_first_heading_it_is_the_note() -> None:
    assert anchor("Text first.\n\n# Then\n", "Text first.", ()) == Anchor()


def test_of_two_places_the_one_under_the_heading() -> None:
    text = "# A\n\nSaid twice.\n\n# B\n\nSaid twice.\n"
    assert anchor(text, "Said twice.", ("B",)) == Anchor("B")


@pytest.mark.parametrize(
    "heading", ["C# and F#", "a | b", "x^2", "[[Page]] one", "**Bold** `code`", "100 %% off", "Что это?"]
)
def test_a_heading_of_any_characters_is_found_by_its_link(heading: str) -> None:
    found = anchor(f"## {heading}\n\nThe text.\n", "The text.", (heading,))
    assert found is not None
    part = heading_part(found.heading)
    assert not re.search(r"[#|^]|\[\[|\]\]|%%", part)
    assert stripped(part) == stripped(heading)


def test_places_follow_one_another() -> None:
    """A quotation that overlaps itself is counted as a reader would."""
    text = "# A\n\nha ha ha ha\n\n# B\n\nha ha\n"
    assert anchor(text, "ha ha", ["B"]) == Anchor(heading="B")
    assert anchor(text, "ha ha", ["A"]) == Anchor(heading="A")
    assert anchor("a+b", "a+b", []) == Anchor()
    assert anchor("aab", "a+b", []) is None
