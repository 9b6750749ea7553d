import pytest

from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.cut import weight
from vault_sync.notes.note import Chunk
from vault_sync.notes.parse import parse_note
from vault_sync.paths import vault_path


def chunks_of(text: str, max_chars: int = 1000, min_chars: int = 150) -> tuple[Chunk, ...]:
    note = parse_note(vault_path("a.md"), text.encode())
    chunks = chunk_note(note, max_chars=max_chars, min_chars=min_chars)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.text == note.text[chunk.span.start : chunk.span.end] for chunk in chunks)
    return chunks


def test_chunks_stand_under_their_heading_paths() -> None:
    chunks = chunks_of("Top.\n\n# A\n\nOne.\n\n### B\nTwo.\n\n## C\n\nThree.\n\n# D\n\nFour.\n")
    assert [(chunk.heading, chunk.text, chunk.start_line) for chunk in chunks] == [
        ((), "Top.", 1),
        (("A",), "One.", 5),
        (("A", "B"), "Two.", 8),
        (("A", "C"), "Three.", 12),
        (("D",), "Four.", 16),
    ]
    assert [chunk.embed_text for chunk in chunks][2:4] == ["A > B\nTwo.", "A > C\nThree."]


def test_small_paragraphs_of_one_heading_stay_together() -> None:
    (chunk,) = chunks_of("# A\n\nOne.\n\nTwo.\n\n- three\n- four\n")
    assert (chunk.text, chunk.start_line, chunk.end_line) == ("One.\n\nTwo.\n\n- three\n- four", 3, 8)


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"Paragraph {letter} " + "word " * 20 + "end." for letter in "abcdef"]
    chunks = chunks_of("\n\n".join(paragraphs), max_chars=300, min_chars=40)
    assert len(chunks) > 2
    assert [part for chunk in chunks for part in chunk.text.split("\n\n")] == paragraphs


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentences = [f"Предложение {index} " + "слово " * 12 + "и конец." for index in range(12)]
    chunks = chunks_of(" ".join(sentences), max_chars=300, min_chars=20)
    assert len(chunks) > 3
    assert all(chunk.text.startswith("Предложение") and chunk.text.endswith("конец.") for chunk in chunks)


def test_a_long_sentence_is_cut_between_words_and_links_stay_whole() -> None:
    chunks = chunks_of("слово [[Длинное имя заметки|вид ссылки]] " * 40, max_chars=200, min_chars=20)
    assert all(chunk.text.count("[[") == chunk.text.count("]]") for chunk in chunks)
    assert {word for chunk in chunks for word in chunk.text.split()} == {
        "слово",
        "[[Длинное",
        "имя",
        "заметки|вид",
        "ссылки]]",
    }


def test_only_a_word_longer_than_a_chunk_is_cut_inside() -> None:
    chunks = chunks_of("short " + "я" * 700 + " short", max_chars=200, min_chars=20)
    assert "".join(chunk.text for chunk in chunks).count("я") == 700
    assert all(weight(chunk.text) <= 200 for chunk in chunks)


@pytest.mark.parametrize(
    "block",
    ["```py\n" + "call(1)\n\n" * 10 + "```", "| a | b |\n|---|---|\n" + "| one | two |\n" * 10, "$$\na\n\nb\n$$"],
)
def test_code_tables_and_math_that_fit_stay_whole(block: str) -> None:
    chunks = chunks_of("Text. " * 30 + "\n\n" + block + "\n\n" + "Text. " * 30, max_chars=260, min_chars=10)
    assert any(block.strip() in chunk.text for chunk in chunks)


GROUPS = {
    "a loose list": "- one item\n\n  with a second paragraph\n\n- another item\n\n- the last item",
    "a list with a nested one": "1. first step\n   - detail\n\n   - detail\n2. second step",
    "a callout with blank lines": "> [!tip] Title\n>\n> One paragraph.\n>\n> - an item\n>\n> Another one.",
    "a list and its introduction": "What is needed:\n\n- a pan\n- an egg",
    "a list and its label": "**Needed**\n\n- a pan\n- an egg",
    "a list right below its line": "Needed is this\n- a pan\n- an egg",
    "code and its introduction": "Then run this:\n\n```sh\nmake\n\nmake test\n```",
    "a table after its caption": "Table 2. Eggs a day\n\n| day | eggs |\n|---|---|\n| Monday | 2 |",
    "math and its introduction": "It follows:\n\n$$\na = b\n\nc = d\n$$",
    "a quote": "> One paragraph.\n>\n> Another one.",
}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("before", range(0, 130, 10))
def test_what_belongs_together_stays_together_where_it_fits(group: str, before: int) -> None:
    paragraphs = "\n\n".join(["A sentence of text."] * (before // 20) + ["Some words " * (before % 7 + 1)])
    chunks = chunks_of(f"{paragraphs}\n\n{group}\n\n{'The end of it. ' * 9}", max_chars=170, min_chars=10)
    assert len(chunks) > 1
    assert sum(group in chunk.text for chunk in chunks) == 1


def test_a_list_that_does_not_fit_is_cut_between_items() -> None:
    items = [f"- Item {index} says something.\n\n  And a second paragraph about it." for index in range(9)]
    chunks = chunks_of("\n\n".join(items), max_chars=150, min_chars=10)
    assert len(chunks) > 3
    assert all(sum(item in chunk.text for chunk in chunks) == 1 for item in items)


def test_a_callout_that_does_not_fit_is_cut_between_its_paragraphs() -> None:
    paragraphs = [f"> Paragraph {index} " + "of words " * 8 + "ends." for index in range(6)]
    chunks = chunks_of("> [!note] Title\n>\n" + "\n>\n".join(paragraphs), max_chars=200, min_chars=10)
    assert len(chunks) > 2
    assert all(sum(paragraph in chunk.text for chunk in chunks) == 1 for paragraph in paragraphs)


def test_rows_of_a_table_that_does_not_fit_are_embedded_with_its_header() -> None:
    rows = [f"| {index} | something about number {index} |" for index in range(40)]
    first, *others = chunks_of("# A\n\n| number | meaning |\n|---|---|\n" + "\n".join(rows), max_chars=300)
    assert first.text.startswith("| number") and len(others) > 3
    assert [row for chunk in (first, *others) for row in chunk.text.split("\n")][2:] == rows
    for chunk in others:
        assert chunk.embed_text.startswith("A\n| number | meaning |\n| ")
        assert "meaning" not in chunk.text


def test_code_that_does_not_fit_is_cut_between_functions_then_at_blank_lines() -> None:
    functions = [
        f"def function_{index}():\n    first = compute({index})\n\n    return first + {index}" for index in range(8)
    ]
    long = "def long():\n" + "\n\n".join(f"    value_{index} = 1\n    other_{index} = 2" for index in range(12))
    code = "\n\n\n".join([*functions, long])
    chunks = chunks_of(f"```py\n{code}\n```", max_chars=330, min_chars=20)
    assert len(chunks) > 3
    assert all(sum(function in chunk.text for chunk in chunks) == 1 for function in functions)
    assert all(not chunk.text.rstrip("` \n").endswith(f"value_{i} = 1") for chunk in chunks for i in range(12))


def test_code_that_does_not_fit_is_cut_between_lines() -> None:
    rows = [f"value_{index} = compute(other, {index})" for index in range(60)]
    chunks = chunks_of("```py\n" + "\n".join(rows) + "\n```", max_chars=300)
    assert len(chunks) > 3
    assert [row for chunk in chunks for row in chunk.text.split("\n")] == ["```py", *rows, "```"]


def test_a_small_rest_joins_the_chunk_before() -> None:
    text = "word " * 30 + "end.\n\n" + "word " * 30 + "end.\n\nRest."
    assert chunks_of(text, max_chars=200, min_chars=40)[-1].text.endswith("end.\n\nRest.")


MANAGED = "%% famulus:links %%\n## Related\n- [[Managed]]\n%% /famulus:links %%"


def test_frontmatter_managed_sections_and_block_comments_are_left_out() -> None:
    text = (
        f"---\nkey: hidden\n---\n# A\n\nBefore.\n\n{MANAGED}\n\nAfter.\n\n%%\nhidden\n%%\n\n<!-- hidden -->\n\nLast.\n"
    )
    chunks = chunks_of(text)
    assert [chunk.text for chunk in chunks] == ["Before.", "After.", "Last."]
    assert {chunk.heading for chunk in chunks} == {("A",)}


def test_editing_a_managed_section_changes_no_chunk() -> None:
    other = MANAGED.replace("Managed", "Quite another").replace("## ", "# ")
    texts = [[c.embed_text for c in chunks_of(f"# A\n\nText.\n\n{m}\n\nMore.\n")] for m in ("", MANAGED, other)]
    assert texts[1] == texts[2]
    assert " ".join(texts[0]).replace("A\n", "").split() == " ".join(texts[1]).replace("A\n", "").split()


def test_what_the_embedder_reads_is_what_a_reader_sees() -> None:
    text = (
        "# Head [[Note|shown]]\n\n> [!tip] Title\n> A **bold** [[Dir/Note#Part|alias]] and [[Dir/Note#Part]] "
        "with [label](https://x.org/a_(b)) %%hidden%%<!-- hidden --> ![[p.png|300]] x\0y <b>z</b> ^id-1\n\n[^1]: Foot.\n"
    )
    (chunk,) = chunks_of(text)
    assert chunk.embed_text == ("Head shown\nTitle\nA bold alias and Note > Part with label p.png x y z\n[^1]: Foot.")


def test_a_description_is_a_chunk_of_its_own() -> None:
    text = "---\ntags: [x]\nDescription: What the note says.\nother: y\n---\nBody.\n"
    chunks = chunks_of(text)
    assert [(c.text, c.embed_text, c.start_line) for c in chunks] == [
        ("What the note says.", "What the note says.", 3),
        ("Body.", "Body.", 6),
    ]


def test_a_folded_description_is_read_too() -> None:
    (chunk,) = chunks_of("---\ndescription: >\n  What the\n  note says.\nother: y\n---\n")
    assert chunk.embed_text == "What the note says."
    assert "other" not in chunk.text


def test_a_note_of_headings_is_one_chunk_and_an_empty_one_none() -> None:
    (chunk,) = chunks_of("# One\n\n## Two\n\n## Three\n")
    assert (chunk.heading, chunk.embed_text) == ((), "One\nTwo\nThree")
    for text in ("", "\n \n", "---\na: b\n---\n", "#\n", "---\n\n***\n"):
        assert chunks_of(text) == ()


def test_an_empty_heading_in_a_note_with_text_gives_no_chunk() -> None:
    assert [chunk.heading for chunk in chunks_of("# One\n\n# Two\n\nText.\n")] == [("Two",)]


def test_a_long_heading_path_keeps_its_inner_end() -> None:
    text = f"# {'outer ' * 50}\n\n## {'middle ' * 20}\n\n### Inner\n\nText.\n"
    (chunk,) = chunks_of(text)
    assert len(chunk.heading) == 3
    assert chunk.embed_text.endswith(" > Inner\nText.")
    assert len(chunk.embed_text) < 220


def test_a_changed_paragraph_leaves_other_sections_alone() -> None:
    sections = [f"# Part {name}\n\n" + f"Sentence of {name}. " * 90 for name in "abcde"]
    before = chunks_of("\n\n".join(sections))
    sections[2] = sections[2].replace("Sentence", "A new sentence", 3)
    after = chunks_of("\n\n".join(sections))
    new = {chunk.embed_text for chunk in after} - {chunk.embed_text for chunk in before}
    assert new
    assert all(text.startswith("Part c") for text in new)


def test_crlf_lines_are_counted_and_kept() -> None:
    first, second = chunks_of("# A\r\n\r\nOne\r\ntwo.\r\n\r\n# B\r\n\r\nThree.\r\n")
    assert (first.text, first.start_line, first.end_line) == ("One\r\ntwo.", 3, 4)
    assert (second.text, second.start_line) == ("Three.", 8)


@pytest.mark.parametrize(("text", "least"), [("слово", 5), ("中文", 4), ("🎉", 3), ("3.14", 6), ("abc" * 20, 100)])
def test_weight_counts_what_costs_the_embedder_more(text: str, least: int) -> None:
    assert weight(text) >= least
    assert weight("plain words of prose, with a comma.") <= 38


@pytest.mark.parametrize(
    ("begin", "led"),
    [
        ("It burns by day.", True),
        ("«Это» горит днём.", True),
        ("Iterators burn by day.", False),
        ("Coal burns.", False),
    ],
)
def test_a_piece_that_refers_back_is_embedded_with_the_sentence_before_it(begin: str, led: bool) -> None:
    text = f"# A\n\n{'Words fill the room. ' * 10}The lamp is green.\n\n{begin} {'Words fill the room. ' * 10}"
    first, second = chunks_of(text, max_chars=260, min_chars=10)
    assert first.text.endswith("The lamp is green.") and second.text.startswith(begin)
    assert second.embed_text.startswith("A\nThe lamp is green.\n" + begin) is led
    assert second.embed_text.endswith(second.text)
