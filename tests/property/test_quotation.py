"""A quotation stands in its note, and its source leads there: for any note."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agents.links.linkform import heading_part
from agents.reasons.anchor import anchor, stripped
from agents.reasons.evidence import best_evidence, occurs
from vault_sync.index.records import Occurrence
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

WORDS = st.sampled_from(
    [
        "tree",
        "is",
        "a",
        "key",
        "дерево",
        "это",
        "**bold**",
        "`code`",
        "[[Page|pages]]",
        "[link](http://x.y/z)",
        "#tag",
        "C#",
        "*it*",
    ]
)
ODD = st.sampled_from(
    ["Trees", "C# | F#", "x^2", "[[Page|shown]] one", "__init__", "!!!", "Что это?", "A: b", "100 %% off", ""]
)
SENTENCE = st.lists(WORDS, min_size=3, max_size=9).map(lambda found: " ".join(["A", *found]) + ".")
HEADING = st.tuples(st.integers(1, 4), ODD).map(lambda one: f"{'#' * one[0]} {one[1]}")
BLOCK = st.one_of(
    st.lists(SENTENCE, min_size=1, max_size=3).map(" ".join),
    st.lists(SENTENCE, min_size=1, max_size=3).map("\n".join),
    st.tuples(SENTENCE, st.sampled_from(["a1", "why-not"])).map(lambda one: f"{one[0]} ^{one[1]}"),
    st.lists(SENTENCE, min_size=1, max_size=3).map(lambda items: "\n".join(f"- {item}" for item in items)),
    SENTENCE.map(lambda one: f"> {one}"),
    SENTENCE.map(lambda one: f"```\n# {one}\n```"),
)
NOTES = st.lists(HEADING | BLOCK, min_size=1, max_size=8).map("\n\n".join)


def occurrences(text: str) -> list[Occurrence]:
    path = VaultPath("Tree.md")
    chunks = chunk_note(parse_note(path, text.encode()))
    return [
        Occurrence(
            c.ordinal, 1, path, "Tree", c.ordinal, c.heading, c.start_line, c.end_line, c.span, c.text, "key", 0.0
        )
        for c in chunks
    ]


@given(NOTES, st.sampled_from(["\n", "\r\n"]))
def test_quotations_stand_in_the_note_and_sources_lead_to_them(body: str, newline: str) -> None:
    text = body.replace("\n", newline)
    found = best_evidence(occurrences(text), {"tree": 1.0}, ["Tree"], reader=["Key"])
    if found is None:
        return
    assert found.sentence in text
    assert occurs(found.shown, found.sentence)
    assert not re.search(r"\[\[|\]\]|\*\*|\]\(", found.shown)
    place = anchor(text, found.sentence, found.heading)
    assert place is not None
    note = parse_note(VaultPath("Tree.md"), text.encode())
    if place.block:
        assert any(block.id == place.block for block in note.blocks)
    elif place.heading:
        part = heading_part(place.heading)
        raws = [note.text[one.span.start : one.span.end].strip().lstrip("#").strip() for one in note.headings]
        number = [stripped(raw) for raw in raws].index(stripped(part))
        first = note.headings[number]
        after = (one.span.start for one in note.headings[number + 1 :] if one.level <= first.level)
        assert found.sentence in text[first.span.end : next(after, len(text))]
