import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import effort
from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.note import Link, Note
from vault_sync.notes.parse import decode, forget_parsed, headings_of, parse_note
from vault_sync.paths import vault_path


def note_of(text: str) -> Note:
    return parse_note(vault_path("Папка/Заметка.md"), text.encode())


def shape(link: Link) -> tuple[str, str, str | None, str | None, str | None]:
    return link.kind, link.target, link.heading, link.block, link.alias


def slices(note: Note, kind: str) -> list[str]:
    return [note.text[r.span.start : r.span.end] for r in note.regions if r.kind == kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[Note]]", ("wikilink", "Note", None, None, None)),
        ("[[Папка/Заметка|заметки]]", ("wikilink", "Папка/Заметка", None, None, "заметки")),
        ("[[Note#Part]]", ("wikilink", "Note", "Part", None, None)),
        ("[[Note#Part#Sub|x]]", ("wikilink", "Note", "Part#Sub", None, "x")),
        ("[[Note#^a-1]]", ("wikilink", "Note", None, "a-1", None)),
        ("[[Note#Part^a1]]", ("wikilink", "Note", "Part", "a1", None)),
        ("[[#Part]]", ("wikilink", "", "Part", None, None)),
        ("![[Note]]", ("embed", "Note", None, None, None)),
        ("![[picture.png|300]]", ("embed", "picture.png", None, None, "300")),
        ("[[[Note]]]", ("wikilink", "Note", None, None, None)),
        ("[[a [[Note]]", ("wikilink", "Note", None, None, None)),
        ("[[a^b]]", ("wikilink", "a^b", None, None, None)),
        ("[[Note| ]]", ("wikilink", "Note", None, None, None)),
        ("[text](Note.md)", ("mdlink", "Note.md", None, None, "text")),
        ("[text](My%20Note.md#A%20part)", ("mdlink", "My Note.md", "A part", None, "text")),
        ("[text](%D0%B0.md)", ("mdlink", "а.md", None, None, "text")),
        ("[text](100%.md)", ("mdlink", "100%.md", None, None, "text")),
        ("[text](C%23.md)", ("mdlink", "C#.md", None, None, "text")),
        ("[text](<My Note.md> 'title')", ("mdlink", "My Note.md", None, None, "text")),
        ('[text](a_(b).md "title")', ("mdlink", "a_(b).md", None, None, "text")),
        ("[text](#Part)", ("mdlink", "", "Part", None, "text")),
        ("![alt](a.png)", ("embed", "a.png", None, None, "alt")),
        ("`code` [[Note]]", ("wikilink", "Note", None, None, None)),
        ("costs $5 [[Note]] and $6", ("wikilink", "Note", None, None, None)),
        ("an ` open tick [[Note]]", ("wikilink", "Note", None, None, None)),
        ("an open %% mark [[Note]]", ("wikilink", "Note", None, None, None)),
        ("# Part [[Note]]", ("wikilink", "Note", None, None, None)),
    ],
)
def test_reads_a_link(text: str, expected: tuple[str, str, str | None, str | None, str | None]) -> None:
    (link,) = note_of(text).links
    assert shape(link) == expected
    assert text[link.span.start : link.span.end] == link.raw


@pytest.mark.parametrize(
    "text",
    [
        "[[]]",
        "[[ ]]",
        "[[|alias]]",
        "[[a\nb]]",
        "\\[[Note]]",
        "`[[Note]]`",
        "``[[Note]] ` ``",
        "$x [[Note]] y$",
        "$$\n[[Note]]\n$$",
        "```\n[[Note]]\n```",
        "~~~\n[[Note]]",
        "text\n\n    [[Note]]",
        "> ```\n> [[Note]]\n> ```",
        "<div>\n[[Note]]\n</div>",
        "[text](https://example.org/a.md)",
        "[text](mailto:a@example.org)",
        "[text]()",
        "[text](My Note.md)",
        "[text] (Note.md)",
        "[^1]: a footnote",
    ],
)
def test_what_is_no_link(text: str) -> None:
    assert note_of(text).links == ()


def test_a_bar_is_escaped_in_a_table() -> None:
    text = "| a | b |\n|---|---|\n| [[Note\\|alias]] | [[Two]] |\n"
    assert [(link.target, link.alias) for link in note_of(text).links] == [("Note", "alias"), ("Two", None)]


def test_an_image_may_be_the_label_of_a_link() -> None:
    links = note_of("[![alt](a.png)](Note.md)").links
    assert [(link.kind, link.target) for link in links] == [("embed", "a.png"), ("mdlink", "Note.md")]


def test_links_in_comments_are_kept_and_marked() -> None:
    note = note_of("%% [[A]] %% [[B]]\n\n%%\n[[C]]\n\ntext\n%%\n\n<!-- [[D]] -->\n\nx <!-- [[E]] --> [[F]]\n")
    found = {link.target: link.in_comment for link in note.links}
    assert found == {"A": True, "B": False, "C": True, "D": True, "E": True, "F": False}


def test_line_and_offsets_count_after_the_mark_and_with_crlf() -> None:
    note = parse_note(vault_path("a.md"), b"\xef\xbb\xbf" + "один\r\n\r\n😀 [[Два]]\r\n".encode())
    (link,) = note.links
    assert note.text.startswith("один\r\n")
    assert (link.line, link.span.start) == (3, 10)


def test_properties_hold_links() -> None:
    text = '---\nup: "[[Top|t]]"\nmore:\n  - "[[Two#A]]"\n# [[no]]\n---\n[[Body]]\n'
    note = note_of(text)
    assert [(link.kind, link.target, link.line) for link in note.links] == [
        ("frontmatter", "Top", 2),
        ("frontmatter", "Two", 4),
        ("wikilink", "Body", 7),
    ]


def test_tags_of_text_and_properties() -> None:
    text = (
        "---\ntags: [one, '#два/три', 2024]\ntag: four, five\n---\n#шесть/семь text (#eight) a#no #123 #1a #One\n"
        "`#no` https://x.org/#no [[Note#no]] [t](#no) \\#no &#no; #end.\n# Heading #nine\n\n```\n#no\n```\n"
    )
    expected = ("one", "два/три", "four", "five", "шесть/семь", "eight", "1a", "end", "nine")
    assert note_of(text).tags == expected


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("aliases: A", ("A",)),
        ("aliases: A, Б", ("A", "Б")),
        ("aliases: [A, 'B, C', 7]", ("A", "B, C", "7")),
        ("Aliases:\n- A\n-\n- [x]\n- a", ("A",)),
        ("alias: A\naliases: B", ("A", "B")),
        ("aliases:", ()),
        ("aliases: 2024-05-01", ("2024-05-01",)),
        ("aliases: true", ()),
        ("aliases: {a: b}", ()),
    ],
)
def test_aliases_in_all_their_forms(yaml: str, expected: tuple[str, ...]) -> None:
    assert note_of(f"---\n{yaml}\n---\ntext").aliases == expected


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("a: [", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("- a\n- b", "is a list"),
        ("only text", "is a str"),
        ("d: 2024-99-99", "not valid YAML"),
        ("a: " + "[" * 200_000, "nests deeper"),
        ("a: &x [1]\nb: *x", "YAML alias"),
        ("aliases: " + "9:" * 5000 + "9", "more than 500 digits"),
        ("a: " + "b" * 300_000, "at most"),
        ("? {a: b}\n: c", "not valid YAML"),
        ("a: \x07", "not valid YAML"),
        ("a: !!bool maybe", "not valid YAML"),
        ('a: !!int ""', "not valid YAML"),
        ('a: !!float "-"', "not valid YAML"),
    ],
)
def test_broken_frontmatter_is_a_finding_not_an_exception(yaml: str, reason: str) -> None:
    note = note_of(f"---\n{yaml}\n---\nThe [[body]] stays.\n")
    assert note.frontmatter == {}
    assert note.frontmatter_error is not None
    assert reason in note.frontmatter_error
    assert [link.target for link in note.links if link.kind == "wikilink"] == ["body"]


@pytest.mark.parametrize(
    "text", ["--- \ntext", "a\n---\nb: c\n---\n", " ---\na: b\n---\n", "---\na: b", "----\na: b\n----\n"]
)
def test_what_is_no_frontmatter(text: str) -> None:
    note = note_of(text)
    assert (note.body_start, note.frontmatter, note.frontmatter_error) == (0, {}, None)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_frontmatter_of_either_line_end(end: str) -> None:
    note = note_of(f"---{end}a: 1{end}---{end}body")
    assert (note.frontmatter, note.text[note.body_start :]) == ({"a": 1}, "body")
    assert slices(note, "frontmatter") == [f"---{end}a: 1{end}---"]


def test_headings_with_level_line_and_text() -> None:
    text = "# One **two** [[Three|3]]\n\nSet\n===\n\n```\n# no\n```\n\n%%\n# no\n%%\n\n#no\n## `x` ^id\n> # quoted\n"
    found = [(h.text, h.level, h.line) for h in note_of(text).headings]
    assert found == [("One two 3", 1, 1), ("Set", 1, 3), ("x", 2, 15)]


def test_block_ids() -> None:
    note = note_of("Text ^one\n\n- item ^two-2\n\n| a |\n|---|\n\n^three\n\n`x ^no`\na^no\n^no no\n```\n^no\n```\n")
    assert [(block.id, block.line) for block in note.blocks] == [("one", 1), ("two-2", 3), ("three", 8)]
    assert [note.text[b.span.start : b.span.end] for b in note.blocks] == ["^one", "^two-2", "^three"]


def test_callouts() -> None:
    text = "> [!note] Title\n> text\n\n> [!Важно|x]- \n>> [!tip]\n\n> quote\n\n[!no]\n"
    assert note_of(text).callouts == ("note", "важно", "tip")


def test_code_math_and_comments_are_regions() -> None:
    note = note_of("a `b` $c$ %%d%%\n\n$$\ne\n\nf\n$$\n\n```py\ng\n```\n\n    h\n\n<p>\ni\n</p>\n")
    assert slices(note, "inline_code") == ["`b`"]
    assert slices(note, "math") == ["$c$", "$$\ne\n\nf\n$$"]
    assert slices(note, "comment") == ["%%d%%"]
    assert slices(note, "code") == ["```py\ng\n```", "    h"]
    assert slices(note, "html") == ["<p>\ni\n</p>"]
    assert [r.name for r in note.regions if r.kind == "code"] == ["py", ""]


SECTION = "%% famulus:links %%\n- [[In]]\n%% /famulus:links %%"


@pytest.mark.parametrize(
    "text", [SECTION, f"Text.\n\n{SECTION}\n\n[[Out]]\n", f"100%% sure\n{SECTION}\nmore", SECTION.replace("\n", "\r\n")]
)
def test_a_managed_section(text: str) -> None:
    note = note_of(text)
    (region,) = [region for region in note.regions if region.kind == "managed"]
    assert region.name == "links"
    managed = note.text[region.span.start : region.span.end]
    assert managed.startswith("%% famulus:links %%") and managed.endswith("%% /famulus:links %%")
    assert {link.target: link.in_managed for link in note.links}["In"] is True
    assert all(not link.in_managed for link in note.links if link.target == "Out")


@pytest.mark.parametrize(
    "text",
    [
        "%% famulus:links %%\n- [[In]]\n",
        "- [[In]]\n%% /famulus:links %%\n",
        f"{SECTION}\n\n{SECTION}\n",
        f"%% famulus:a %%\n{SECTION}\n%% /famulus:a %%\n",
        "%% famulus:a %%\n[[In]]\n%% /famulus:b %%\n",
        "%% famulus:a %%\n%% famulus:b %%\n[[In]]\n%% /famulus:a %%\n%% /famulus:b %%\n",
        f"```\n{SECTION}\n```\n",
        "`" + SECTION + "`",
        "    " + SECTION.replace("\n", "\n    "),
        "> " + SECTION.replace("\n", "\n> "),
        SECTION.replace("/famulus:links %%", "/famulus:links"),
        f"<!--\n{SECTION}\n-->\n",
        f"%% famulus:links %%\n{SECTION}\n",
    ],
)
def test_damaged_markers_make_no_managed_section(text: str) -> None:
    note = note_of(text)
    assert not [region for region in note.regions if region.kind == "managed"]
    assert not any(link.in_managed for link in note.links)


@pytest.mark.parametrize(
    ("data", "offset", "encoding"),
    [
        ("Привет, мир заметок".encode("cp1251"), "byte 0", "Windows-1251"),
        (b"\xef\xbb\xbfok \xff\xfe", "byte 6", "Windows-1252"),
        ("заметка".encode("utf-16"), "byte 0", "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", "byte 0", "image"),
    ],
)
def test_not_utf8_says_where_and_what_to_do(data: bytes, offset: str, encoding: str) -> None:
    with pytest.raises(UnreadableNoteError) as caught:
        parse_note(vault_path("a.md"), data)
    assert offset in caught.value.cause
    assert encoding in caught.value.cause
    assert "UTF-8" in caught.value.fix


def test_nul_bytes_are_survived() -> None:
    note = note_of("a\0b [[c\0d]] #t\0\n\n# h\0\n")
    assert decode(b"a\0") == "a\0"
    assert note.text.count("\0") == 4
    assert [link.target for link in note.links] == ["c\0d"]
    assert [heading.text for heading in note.headings] == ["h"]


@pytest.mark.parametrize(
    "unit",
    [
        "[[",
        "[[a",
        "[a](",
        "![",
        "`",
        "``a`",
        "$",
        "$a",
        "$$",
        "%%",
        "%% a\n\n",
        "<!-- ",
        ">",
        "- ",
        "\\",
        "#",
        "](",
        "^",
        "\0",
    ],
)
def test_hostile_text_costs_linear_work(unit: str) -> None:
    size = effort(20_000)
    assert calls_for(unit, 2 * size) < 2.5 * calls_for(unit, size) + 2000


def calls_for(unit: str, size: int) -> int:
    """How many calls, of C functions too, parsing takes: work that can be counted does not depend on the clock."""
    text = unit * (size // len(unit))
    forget_parsed()
    count = 0

    def count_call(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        note_of(text)
    finally:
        sys.setprofile(before)
    return count


def test_the_last_notes_are_remembered_by_path_and_bytes() -> None:
    path, data = vault_path("A.md"), b"# One\n\n[[Two]]\n"
    first = parse_note(path, data)
    assert parse_note(path, bytes(bytearray(data))) is first
    assert parse_note(vault_path("B.md"), data).title == "B"
    assert parse_note(path, data + b"#tag\n").tags == ("tag",)
    forget_parsed()
    again = parse_note(path, data)
    assert again == first and again is not first
    large = data + b"word " * 30_000
    assert parse_note(path, large) is not parse_note(path, large)


@given(
    st.lists(
        st.sampled_from(
            ["# One", "## Two [[x]]", "Three\n===", "```", "%%", "$$", "$", "<!--", "-->", "<div>", "- # item",
             "> # quoted", "    # code", "---", "a: b", "\ufeff", "text `#`", "\\# no"]
        ),
        max_size=9,
    ),
    st.sampled_from(["\n", "\n\n", "\r\n"]),
)  # fmt: skip
def test_headings_alone_are_those_of_the_note(lines: list[str], between: str) -> None:
    text = between.join(lines)
    assert headings_of(text) == note_of(text).headings
