"""Whatever a note holds: links are made of prose only, nothing else changes, and there is nothing more to do then."""

from hypothesis import example, given
from hypothesis import strategies as st

from agents.mention.mentioner import Mentioner
from agents.mention.mentions import Entry, Names, find_mentions
from vault_sync.notes.parse import parse_note
from vault_sync.notes.visible import visible
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import apply

HERE = VaultPath("Here.md")
TITLES = (
    "$- Сокет",
    "🌱 Plan",
    "Docker",
    "Docker Compose",
    "Квантование",
    "Гибридный поиск",
    "C++",
    "C#",
    "Rust",
    "Compose",
    "Поиск",
    "RAG",
)
NAMES = Names.build(
    [
        *(Entry(VaultPath(f"{title}.md"), title) for title in TITLES),
        Entry(VaultPath("Data warehouse.md"), "Data warehouse", ("DWH",), ("Star schema",), ("the warehouse",)),
    ]
)
WORDS = (
    *("Docker", "Compose", "docker", "Квантование", "квантованию", "гибридного", "гибридный", "поиска", "поиск", "C++"),
    *(
        "$- Сокет",
        "🌱 Plan",
        "C#",
        "Rust",
        "rust",
        "data",
        "warehouses",
        "DWH",
        "star",
        "schema",
        "the",
        "warehouse",
        "RAG",
        "и",
        "о",
        "стали",
    ),
)
MARKS = (
    *(
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\r\n",
        "\n\n",
        ", ",
        ". ",
        "-",
        "'s ",
        "’ом ",
        "/",
        "**",
        "_",
        "`",
        "```\n",
        "$",
        "$$",
    ),
    *(
        "%%",
        "<!--",
        "-->",
        "[[",
        "]]",
        "|",
        "![[",
        "[",
        "](",
        ")",
        "(",
        "# ",
        "## ",
        "> ",
        "- ",
        "- [ ] ",
        "#",
        "^",
        "\\",
    ),
    *(
        "<b>",
        "</b>",
        "<",
        ">",
        "<a href=x>",
        "</a>",
        "https://",
        "www.",
        "@",
        ":: ",
        "{{",
        "}}",
        "---\n",
        "| a |\n|--|\n",
    ),
    *("%% famulus:related %%\n", "%% /famulus:related %%\n", "\ufeff", "\u0301", "\u00a0", "😀", "[^1]: ", "    "),
)
texts = st.lists(st.sampled_from((*WORDS, *WORDS, *MARKS)), max_size=40).map("".join)


@given(texts, st.booleans(), st.sampled_from(["section", "note"]))
def test_a_mention_stands_in_prose(text: str, headings: bool, once: str) -> None:
    note = parse_note(HERE, text.encode())
    found = find_mentions(note, NAMES, headings=headings, once=once, least=0)
    for mention in found:
        assert note.text[mention.span.start : mention.span.end] == mention.text
        assert not any(region.span.overlaps(mention.span) for region in note.regions)
        assert not any(link.span.overlaps(mention.span) for link in note.links)
        assert headings or not any(heading.span.overlaps(mention.span) for heading in note.headings)
        assert 0 <= mention.score <= 1 and mention.target != HERE
    assert not any(one.span.overlaps(two.span) for one in found for two in found if one is not two)


@given(texts)
@example(", Compose's Docker")
def test_writing_changes_the_mentions_only_and_leaves_nothing_to_do(text: str) -> None:
    data = text.encode()
    agent = Mentioner(lambda: NAMES)
    edit = agent.combined(agent.suggest(HERE, data), data)
    if edit is None:
        return
    note, now = parse_note(HERE, data), apply(edit, data)
    written = parse_note(HERE, now)
    plain = written.text
    for link in sorted(written.links, key=lambda link: -link.span.start):
        if link not in note.links and edit.span.start <= link.span.start:
            before = plain
            plain = plain[: link.span.start] + (link.alias or link.target) + plain[link.span.end :]
            assert before != plain
    assert [region.kind for region in written.regions] == [region.kind for region in note.regions]
    assert visible(written.text).replace("\\", "") == visible(note.text).replace("\\", "")
    assert agent.suggest(HERE, now) == []


@given(texts)
def test_each_mention_by_itself_gives_the_same_note_as_all_at_once(text: str) -> None:
    data = text.encode()
    agent = Mentioner(lambda: NAMES)
    found = agent.suggest(HERE, data)
    edit = agent.combined(found, data)
    now = data
    for suggestion in found:
        one = agent.rebase(suggestion, now)
        assert one is not None
        now = apply(one, now)
    assert now == (apply(edit, data) if edit else data)
