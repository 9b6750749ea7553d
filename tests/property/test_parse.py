from hypothesis import example, given
from hypothesis import strategies as st

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.note import Block, Heading, Link, Note
from vault_sync.notes.parse import decode, parse_note
from vault_sync.paths import vault_path

_MARKS = [
    *("[[", "]]", "![[", "[", "](", ")", "|", "\\", "\\|", "#", "^id", "`", "``", "```\n", "~~~\n", "$", "$$", "%%"),
    *("<!--", "-->", "<div>", "\n", "\r\n", "\r", "\n\n", "    ", "\t", "- ", "1. ", "> ", "> [!note]\n", "---\n"),
    *("# ", "===\n", "| a | b |\n|---|---|\n", "%% famulus:x %%", "%% /famulus:x %%", "https://a.b/", "a.md"),
    *("слово", " ", "😀", "\0", "\ufeff", "e\u0301", "tags: ", "aliases: [", "\u2028"),
]
MARKDOWN = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_MARKS), max_size=40).map("".join))


def note_of(text: str) -> Note:
    return parse_note(vault_path("Folder/Note.md"), text.encode())


@given(st.binary(max_size=80))
@example(b"\xef\xbb\xbf\xff")
def test_bytes_are_read_or_refused_as_not_utf8(data: bytes) -> None:
    try:
        text = decode(data)
    except UnreadableNoteError as error:
        assert "byte" in error.cause and error.fix
    else:
        assert text.encode() in (data, data[3:])
        assert parse_note(vault_path("a.md"), data).text == text


@given(MARKDOWN)
@example("---\n---\n---\n")
@example("\ufeff---\na: b\n---\n")
def test_every_text_parses_and_every_span_holds_what_it_names(text: str) -> None:
    note = note_of(text)
    assert all(note.text[link.span.start : link.span.end] == link.raw for link in note.links)
    assert all(note.text[block.span.start : block.span.end] == f"^{block.id}" for block in note.blocks)
    placed: list[Link | Block | Heading] = [*note.links, *note.blocks, *note.headings]
    starts = [item.line for item in placed]
    assert all(1 <= line <= text.count("\n") + text.count("\r") + 1 for line in starts)
    for span in [*(item.span for item in placed), *(region.span for region in note.regions)]:
        assert 0 <= span.start < span.end <= len(note.text)


@given(MARKDOWN)
def test_parsing_is_deterministic_and_in_order(text: str) -> None:
    note = note_of(text)
    assert note_of(text) == note
    assert list(note.regions) == sorted(note.regions, key=lambda region: (region.span.start, -region.span.end))
    assert [heading.line for heading in note.headings] == sorted({heading.line for heading in note.headings})


@given(MARKDOWN)
def test_managed_sections_keep_apart_and_hold_their_markers(text: str) -> None:
    note = note_of(text)
    managed = [region for region in note.regions if region.kind == "managed"]
    for region in managed:
        piece = note.text[region.span.start : region.span.end]
        assert piece.startswith(f"%% famulus:{region.name} %%")
        assert piece.rstrip(" \t").endswith(f"%% /famulus:{region.name} %%")
    assert not any(a.span.overlaps(b.span) for a in managed for b in managed if a is not b)


@given(st.sampled_from(["Note", "Папка/Имя заметки", "C++ & 100%", "v1.2"]), MARKDOWN)
def test_a_link_in_a_paragraph_of_its_own_is_found_after_anything_closed(target: str, before: str) -> None:
    prose = "".join(c for c in before if c.isalnum() or c in " .,\n")
    note = note_of(f"{prose}\n\n[[{target}|shown]]\n")
    assert [(link.target, link.alias) for link in note.links] == [(target, "shown")]
