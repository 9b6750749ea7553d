"""Apply then undo is the identity, whatever the note holds, and what the user wrote elsewhere meanwhile stays."""

from hypothesis import assume, given
from hypothesis import strategies as st

from vault_sync.errors import UndoRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import BOM, Edit, apply, content_hash, outcome
from vault_sync.writing.journal import Images
from vault_sync.writing.undo import carry_over, places, reverse, turned_round

PATH = VaultPath("Заметка 🌲.md")
PIECES = st.sampled_from(
    ["а", "b", " ", "\n", "\r\n", "🌲", "e\u0301", "word", "слово", "- [[A]]", "%%", "\u2028", "\t"]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, Edit]:
    text, mark = draw(TEXTS), draw(st.sampled_from([b"", BOM]))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    data = mark + text.encode()
    return data, Edit(PATH, content_hash(data), Span(start, end), text[start:end], draw(TEXTS))


@given(edits())
def test_apply_then_undo_is_the_identity(made: tuple[bytes, Edit]) -> None:
    before, edit = made
    after = apply(edit, before)
    change = reverse(PATH, Images(before, after), after)
    assert (outcome(change, after) if change is not None else after) == before
    back = reverse(PATH, Images(after, before), before)
    assert (outcome(back, before) if back is not None else before) == after


@given(TEXTS, TEXTS)
def test_every_way_to_turn_a_change_round_gives_the_old_text(old: str, new: str) -> None:
    for span, was in turned_round(old, new):
        assert new[: span.start] + was + new[span.end :] == old


@given(
    edits(),
    st.sampled_from(["front", "end"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
)
def test_what_the_user_adds_at_either_end_stays(made: tuple[bytes, Edit], where: str, added: str) -> None:
    before, edit = made
    after = apply(edit, before)
    assume(after != before)
    old, new = (data.removeprefix(BOM).decode() for data in (before, after))
    mark = BOM if before.startswith(BOM) else b""
    now = mark + (added + new if where == "front" else new + added).encode()
    try:
        change = reverse(PATH, Images(before, after), now)
    except UndoRefusedError:
        return
    assert change is not None
    wanted = added + old if where == "front" else old + added
    result = outcome(change, now)
    assert result is not None
    if now.count(edit.after.encode()) == 1:
        assert result == mark + wanted.encode()
    assert len(result) == len(mark) + len(wanted.encode())


@given(TEXTS, TEXTS, st.data())
def test_a_place_is_carried_over_only_to_the_same_text(old: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(old)))
    place = Span(start, data.draw(st.integers(start, len(old))))
    found = carry_over(place, old, new)
    if found is not None:
        assert new[found.start : found.end] == old[place.start : place.end]


@given(TEXTS, TEXTS)
def test_the_places_that_differ_are_all_that_differs(old: str, new: str) -> None:
    made, at = "", 0
    for was, now in places(old, new):
        assert now.start >= at
        made += new[at : now.start] + old[was.start : was.end]
        at = now.end
    assert made + new[at:] == old


@given(st.lists(st.sampled_from(["ours", "users", "nobody"]), min_size=1, max_size=12))
def test_what_was_written_at_several_places_is_taken_back_beside_what_the_user_wrote(
    whose: list[str],
) -> None:
    """Lines that differ from each other; one in between belongs to nobody."""

    def text(ours: bool, users: bool) -> str:
        lines = []
        for at, who in enumerate(whose):
            changed = (ours and who == "ours") or (users and who == "users")
            lines.append(f"line {at}, which is {at * 7} words" + (f" and {at} more" if changed else ""))
            lines.append(f"between {at}")
        return "\n".join(lines)

    before, after, now = (text(*each).encode() for each in ((False, False), (True, False), (True, True)))
    change = reverse(PATH, Images(before, after), now)
    assert (outcome(change, now) if change is not None else now) == text(False, True).encode()
