"""Whatever a note holds and whatever is listed: what the user wrote outside the section keeps every byte."""

from hypothesis import given
from hypothesis import strategies as st

from agents.links.wikilink import link_to
from agents.related.managed import CLOSE, OPEN, ManagedSectionError, change, edit_for, find, own_text
from agents.related.merge import Item, Written
from agents.related.section import parse, render
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import apply

PATH = VaultPath("Заметки/Note 🌲.md")
NAMES = ("Индекс", "Folder/Memory", "C# basics", "100% | done", "🌲", "B-дерево", "A [draft]")
LINES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%\r"), max_size=30),
    st.sampled_from(["# Heading", "- item", "[^famulus-1]", "[^famulus-2]: mine", "```", "%%", "> quote", "🌲", "ё"]),
)
ENDINGS = st.sampled_from(["", "\n", "\n\n", "\n\n\n"])
REASONS = st.sampled_from(["“A tree of pages.”", "«Дерево страниц.»", "shares [x] with it", "— dash"])


def item(name: str, relation: str, reason: str) -> Item:
    return Item(VaultPath(f"{name}.md"), relation, link_to(name), reason, link_to(name, "Some | heading"))  # type: ignore[arg-type]


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    relations = st.sampled_from(["broader", "narrower", "direct"])
    return [item(name, draw(relations), draw(REASONS)) for name in names]


@st.composite
def notes(draw: st.DrawFn) -> bytes:
    text = "\n".join(draw(st.lists(LINES, max_size=6))) + draw(ENDINGS)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    mark = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return mark + text.encode()


def resolve(name: str) -> VaultPath | None:
    return VaultPath(f"{name}.md") if name in NAMES else None


def write(data: bytes, wanted: list[Item], written: tuple[Written, ...]) -> tuple[bytes, tuple[Written, ...]]:
    note = parse_note(PATH, data)
    made = change(note, wanted, written, resolve)
    return (data, written) if made is None else (apply(edit_for(note, data, made), data), made.written)


def outside(note: Note) -> tuple[str, str]:
    section = find(note)
    assert section is not None
    return note.text[: section.span.start], note.text[section.span.end :]


@given(notes(), items(), items())
def test_only_the_section_changes(data: bytes, first: list[Item], second: list[Item]) -> None:
    try:
        once, written = write(data, first, ())
        twice, _ = write(once, second, written)
    except ManagedSectionError:
        return
    assert once.startswith(data.rstrip(b"\r\n"))
    if first and second:
        assert outside(parse_note(PATH, once)) == outside(parse_note(PATH, twice))


@given(notes(), items())
def test_taking_the_section_out_gives_the_same_bytes(data: bytes, wanted: list[Item]) -> None:
    try:
        once, written = write(data, wanted, ())
    except ManagedSectionError:
        return
    assert write(once, [], written)[0] == data


@given(notes(), items())
def test_writing_twice_equals_writing_once(data: bytes, wanted: list[Item]) -> None:
    try:
        once, written = write(data, wanted, ())
    except ManagedSectionError:
        return
    assert change(parse_note(PATH, once), wanted, written, resolve) is None
    assert own_text(parse_note(PATH, once)) == own_text(parse_note(PATH, data))


@given(notes(), items(), st.sampled_from(["- [[Mine]] my own", "a thought", "### My group", "- [[🌲]] — changed"]))
def test_what_the_user_adds_inside_stays(data: bytes, wanted: list[Item], line: str) -> None:
    try:
        once, written = write(data, wanted, ())
        if find(parse_note(PATH, once)) is None:
            return
        edited = once.decode().replace(CLOSE, f"{line}\n\n{CLOSE}").encode()
        again, _ = write(edited, [], written)
    except ManagedSectionError:
        return
    section = find(parse_note(PATH, again))
    assert section is not None
    assert line in section.inner


@given(st.lists(LINES, max_size=12), st.sampled_from(["ru", "en"]))
def test_what_is_rendered_is_read_back(lines: list[str], language: str) -> None:
    rendered = render(parse("\n".join(lines)), language)
    assert render(parse(rendered), language) == rendered


@given(notes(), items())
def test_line_endings_are_the_notes_own(data: bytes, wanted: list[Item]) -> None:
    try:
        once, _ = write(data, wanted, ())
    except ManagedSectionError:
        return
    text = once.decode()
    section = text[text.find(OPEN) :].rstrip("\r\n") if OPEN in text else ""
    crlf = data.count(b"\r\n") > data.count(b"\n") - data.count(b"\r\n")
    assert section.count("\r\n") == (section.count("\n") if crlf else 0)
