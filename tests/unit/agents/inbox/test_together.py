from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agents.inbox.suggestion import Suggestion
from agents.inbox.together import difference, together
from vault_sync.errors import StaleEditError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, apply, content_hash

NOTE = VaultPath("Note.md")
TEXTS = st.text(st.sampled_from("aб😀\n\r\ufeff"), max_size=12)


@given(TEXTS, TEXTS, st.booleans())
def test_the_difference_leads_from_one_to_the_other(before: str, after: str, mark: bool) -> None:
    was, now = ((b"\xef\xbb\xbf" if mark else b"") + text.encode() for text in (before, after))
    edit = difference(NOTE, was, now)
    assert (edit is None) == (was == now)
    if was[:3] == now[:3] or mark or not {was[:3], now[:3]} & {b"\xef\xbb\xbf"}:  # a mark is never added or taken away
        assert edit is None or apply(edit, was) == now


def test_only_what_differs_is_touched() -> None:
    edit = difference(NOTE, "один два три".encode(), "один 2 три".encode())
    assert edit is not None and (edit.span, edit.before, edit.after) == (Span(5, 8), "два", "2")


def suggestion(word: str) -> Suggestion:
    edit = Edit(NOTE, "", Span(0, 0), "", word)
    return Suggestion(word, "test", NOTE, None, None, None, "", "", edit, "test", 0.0, detail={"word": word})


def rebase(each: Suggestion, data: bytes) -> Edit | None:
    text, word = data.decode(), each.detail["word"]
    if word == "stale":
        raise StaleEditError("No.", "The note was changed.", "")
    if word in text:
        return None
    return Edit(NOTE, content_hash(data), Span(len(text), len(text)), "", word)


def test_each_is_put_on_what_the_ones_before_made() -> None:
    data = b"one "
    made = together(NOTE, data, [suggestion(word) for word in ("two ", "stale", "one ", "three", "three")], rebase)
    assert made.edit is not None and apply(made.edit, data) == b"one two three"
    assert [(each.id, why) for each, why in made.stale] == [("stale", "The note was changed.")]


def test_there_is_no_edit_where_the_note_has_it_all() -> None:
    assert together(NOTE, b"one", [replace(suggestion("one"), id="x")], rebase).edit is None


def test_what_famulus_changes_is_no_reason_against_the_next_one() -> None:
    """As for a link that is proposed for what the user wrote, in a note where a mention becomes a link before it."""

    def strict(each: Suggestion, data: bytes) -> Edit | None:
        if each.detail["own"] != content_hash(data):
            raise StaleEditError("No.", "The note was changed.", "")
        return rebase(each, data)

    mine = [
        replace(suggestion(word), kind=kind, detail={"word": word, "own": content_hash(b"one ")})
        for kind, word in (("mention", "two "), ("link", "three "), ("properties", "one "))
    ]
    users = replace(mine[0], id="users", detail={"word": "four", "own": content_hash(b"the user wrote on")})
    made = together(NOTE, b"one ", [*mine, users], strict, lambda data: (content_hash(data),))
    assert made.edit is not None and apply(made.edit, b"one ") == b"one two three "
    assert made.kinds == ("link", "mention"), "the third has it already"
    assert [each.id for each, _ in made.stale] == ["users"]
