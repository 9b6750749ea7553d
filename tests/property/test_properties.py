"""Whatever stands in a frontmatter: what is not asked for keeps every byte, and what is asked for can be read back."""

import re

import yaml
from hypothesis import given
from hypothesis import strategies as st

from vault_sync.errors import BadPropertyError, PropertiesError
from vault_sync.notes.frontmatter import description_of, tags_of
from vault_sync.notes.note import Note, Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import BOM, Edit, apply, content_hash
from vault_sync.writing.properties import Wanted, edit_for, wanted

PATH = VaultPath("Заметки/Note 🌲.md")
WORDS = ("Tea", "tea/green", "чай", "2026-11", "yes", "a-b", "🌲", "x_1", "-y")
OTHERS = (
    *('title: "a: b" # c\n', "count: 007\n", "'odd  key' :   yes\n", "🌲: лес # дерево\n", "when: 2026-11-03\n"),
    *("# tags: [no]\n", "\n", "  \n", "#\n", "empty:\n", "anchored: &x 1\n", "typed: !!str 5\n", "\"q\": 'it''s'\n"),
    *("aliases: [A, 'b']\n", "cssclasses:\n- wide\n", "nested:\n    deep: {a: 1, b: [2]}\n    tags: [not, mine]\n"),
    *(
        "text: |\n  a\n\n  # no comment\n",
        "fold: >-\n  x\n  description: y\n\n",
        "lines: a\n  b\n",
        "keep: |+\n  z\n\n",
    ),
)
BODIES = ("", "Body.\n", "tags: [a]\n---\n", "\n\n# Заголовок\n\nText 🌲", "---\n", "description: x\n")
TAG_TEXTS = st.lists(st.sampled_from(["a", "Б/в", "c-d", "🌲"]), min_size=1, max_size=3, unique=True)
COMMENTS = st.sampled_from(["", " # mine", '   #: [x], "y'])
ONE_LINE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"), max_size=40
)
TRICKY = st.lists(
    st.sampled_from([*":#-?'\"\\[]{},&*!|>%@`~=1._e ", ": ", " #", "yes", "null", "1e5", "т"]),
    max_size=6,
).map("".join)
DESCRIPTIONS = st.one_of(ONE_LINE, TRICKY).map(lambda text: text if text.strip() else "Ёж")
TAG_GOALS = st.builds(wanted, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
GOALS = st.one_of(
    TAG_GOALS,
    st.builds(lambda text: wanted((), text), DESCRIPTIONS),
    st.builds(wanted, st.just(["new"]), DESCRIPTIONS),
)


@st.composite
def tag_entries(draw: st.DrawFn) -> str:
    tags, comment = draw(TAG_TEXTS), draw(COMMENTS)
    key = draw(st.sampled_from(["tags", "Tags", '"tags"', "tag", "'TAGS' "]))
    item = draw(st.sampled_from(["{}", '"{}"', "'{}'"]))
    items = [item.format(tag) for tag in tags]
    dash = draw(st.sampled_from(["- ", "  - ", "    -   "]))
    lined = "".join(f"  {i},{comment}\n" for i in items[:-1]) + f"  {items[-1]}{draw(st.sampled_from(['', ',']))}"
    return draw(
        st.sampled_from(
            [
                "",
                f"{key}:{comment}\n" + "".join(f"{dash}{i}{comment}\n" for i in items),
                f"{key}: [{', '.join(items)}]{comment}\n",
                f"{key}: [ {','.join(items)}, ]{comment}\n",
                f"{key}: [\n{lined}{comment}\n]{comment}\n",
                f"{key}:  [ ]{comment}\n",
                f"{key}: {', '.join(tags)}{comment}\n",
                f"{key}: '{' '.join(tags)} '{comment}\n",
                f'{key}: "{",".join(tags)}"{comment}\n',
                f"{key}:{comment}\n",
                f"{key}: null{comment}\n",
            ]
        )
    )


@st.composite
def description_entries(draw: st.DrawFn) -> str:
    comment = draw(COMMENTS)
    key = draw(st.sampled_from(["description", "Description", "'description'"]))
    return draw(
        st.sampled_from(
            [
                "",
                f"{key}: Old text{comment}\n",
                f'{key}:   "Old: text 🌲"{comment}\n',
                f"{key}: 'Old\n\n  text'{comment}\n",
                f"{key}: Старый\n   текст{comment}\n",
                f"{key}:\n    Old{comment}\n",
                f"{key}: >-{comment}\n  Old\n    text  \n",
                f"{key}: |2{comment}\n   Old\n\n  # text\n",
                f"{key}: |{comment}\n",
                f"{key}:{comment}\n",
                f"{key}: ~{comment}\n",
            ]
        )
    )


class Drawn:
    """A note in five parts: others, an entry, others, an entry, others; then the body."""

    def __init__(self, parts: list[str], body: str, newline: str, mark: bytes) -> None:
        self.parts = [part.replace("\n", newline) for part in parts]
        self.tail = f"---\n{body}".replace("\n", newline)
        self.head = f"---{newline}"
        self.mark = mark
        self.newline = newline
        self.data = mark + (self.head + "".join(self.parts) + self.tail).encode()

    def __repr__(self) -> str:
        return repr(self.data.decode())


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    others = draw(st.lists(st.sampled_from(OTHERS), unique=True, max_size=8))
    cuts = sorted(draw(st.lists(st.integers(0, len(others)), min_size=2, max_size=2)))
    entries = draw(st.permutations([draw(tag_entries()), draw(description_entries())]))
    first, second, third = others[: cuts[0]], others[cuts[0] : cuts[1]], others[cuts[1] :]
    parts = ["".join(first), entries[0], "".join(second), entries[1], "".join(third)]
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return Drawn(parts, draw(st.sampled_from(BODIES)), newline, draw(st.sampled_from([b"", BOM])))


def note_of(data: bytes) -> Note:
    return parse_note(PATH, data)


def write(data: bytes, goal: Wanted) -> bytes:
    edit = edit_for(note_of(data), data, goal)
    return apply(edit, data) if edit else data


def has(note: Note, goal: Wanted) -> bool:
    tags = {tag.casefold() for tag in tags_of(note.frontmatter)}
    described = goal.description in (None, description_of(note.frontmatter))
    return described and all(tag.casefold() in tags for tag in goal.tags)


def others_of(note: Note) -> dict[str, object]:
    mine = ("tags", "tag", "description")
    return {key: value for key, value in note.frontmatter.items() if key.strip().lower() not in mine}


@given(drawn(), GOALS)
def test_every_other_line_keeps_its_bytes(note: Drawn, goal: Wanted) -> None:
    result = write(note.data, goal)
    first, _, second, _, third = map(re.escape, note.parts)
    shape = f"{re.escape(note.head)}{first}(.*){second}(.*){third}(.*){re.escape(note.tail)}"
    found = re.fullmatch(shape, result.removeprefix(BOM).decode(), re.DOTALL)
    assert result.startswith(BOM) == note.data.startswith(BOM)
    assert found, "the other entries, the marks and the body"
    assert set(re.findall(r"\r\n|\r|\n", found.group())) == {note.newline}
    assert result.count(b"# mine") == note.data.count(b"# mine"), "comments after a value stay"


@given(drawn(), TAG_GOALS)
def test_more_tags_are_put_between_what_is_there(note: Drawn, goal: Wanted) -> None:
    """Only the blanks of `[ ]` and of text that ends in some, and `null`, give way."""
    before, after = (re.sub(" |null", "", data.decode()) for data in (note.data, write(note.data, goal)))
    rest = iter(after)
    assert all(char in rest for char in before), "the old text is a subsequence of the new one"


@given(drawn(), GOALS)
def test_what_is_wanted_is_there_and_nothing_else_changed(note: Drawn, goal: Wanted) -> None:
    before, after = note_of(note.data), note_of(write(note.data, goal))
    assert has(after, goal)
    assert set(tags_of(before.frontmatter)) <= set(tags_of(after.frontmatter))
    assert others_of(after) == others_of(before)
    assert after.text[after.body_start :] == before.text[before.body_start :]
    if goal.description is None:
        assert description_of(after.frontmatter) == description_of(before.frontmatter)


@given(drawn(), GOALS)
def test_writing_twice_equals_writing_once(note: Drawn, goal: Wanted) -> None:
    once = write(note.data, goal)
    assert write(once, goal) == once


@given(drawn(), GOALS)
def test_the_inverse_edit_gives_the_same_bytes(note: Drawn, goal: Wanted) -> None:
    edit = edit_for(note_of(note.data), note.data, goal)
    if edit is None:
        return
    after = apply(edit, note.data)
    span = Span(edit.span.start, edit.span.start + len(edit.after))
    assert apply(Edit(PATH, content_hash(after), span, edit.after, edit.before), after) == note.data


JUNK = st.lists(
    st.one_of(
        st.sampled_from([*OTHERS, "tags:\n", "  - a\n", "tags: [a\n", "]\n", "- x\n", "? tags\n", ": b\n", "...\n"]),
        st.sampled_from(["description: >\n", "   deep\n", "tags: *x\n", "tags: &x a\n", "%TAG\n", "{tags: a}\n", "\t"]),
        st.sampled_from(['description: "a\n', '"\n', "tag: {a: b}\n", "<<: {tags: b}\n", "\u2028", "\x85tags: c\n"]),
        st.text(max_size=8),
    ),
    max_size=8,
).map("".join)


@given(JUNK, st.booleans(), st.sampled_from(BODIES), GOALS)
def test_anything_is_written_rightly_or_left_alone_with_a_reason(
    inner: str, closed: bool, body: str, goal: Wanted
) -> None:
    data = f"---\n{inner}{'---' if closed else ''}\n{body}".encode()
    before = note_of(data)
    try:
        result = write(data, goal)
    except PropertiesError as error:
        assert error.cause and error.fix
        return
    after = note_of(result)
    assert has(after, goal) and others_of(after) == others_of(before)
    assert after.text[after.body_start :] == before.text[before.body_start :]
    assert write(result, goal) == result


@given(st.text(max_size=40), GOALS)
def test_a_new_block_stands_in_front_of_the_same_text(text: str, goal: Wanted) -> None:
    data = text.encode(errors="ignore")
    if note_of(data).body_start:
        return
    try:
        result = write(data, goal)
    except PropertiesError:
        assert text.lstrip("\ufeff").startswith("---")
        return
    after = note_of(result)
    assert after.text[after.body_start :] == note_of(data).text and has(after, goal)


@given(st.one_of(ONE_LINE, TRICKY, st.text(max_size=10)))
def test_a_tag_or_description_is_refused_or_can_be_read_back(text: str) -> None:
    for tags, description in (((text,), None), ((), text)):
        try:
            goal = wanted(tags, description)
        except BadPropertyError:
            continue
        assert has(note_of(write(b"---\nx: 1\n---\n", goal)), goal)
        block = write(b"", goal).decode().removeprefix("---\n").removesuffix("---\n")
        assert yaml.safe_load(block) == ({"tags": list(goal.tags)} if tags else {"description": goal.description})
