"""Whatever stands around it: of a hidden link nothing is left, and nothing else is lost."""

from hypothesis import assume, given
from hypothesis import strategies as st

from vault_sync.evaluation.hiding import query_without, text_without
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.text import fold, words

FILLER = st.sampled_from(
    ["water", "boils", "at", "ten", "degrees;", "вода,", "кипит", "и", "ёлка:", "растёт", "(сама)", "tea!"]
)
NAMES = st.text("qxzжщъ ", min_size=1, max_size=12).map(lambda name: f"q{name.strip()}")
ALIASES = st.text("jvфэю ", min_size=1, max_size=12).map(lambda name: f"j{name.strip()}")
FORMS = st.sampled_from(
    ["[[{name}]]", "[[{name}|{alias}]]", "[[{name}#q|{alias}]]", "[{alias}](<{name}.md>)", "[[{name}|**{alias}**]]"]
)
PREFIXES = st.sampled_from(["", "- ", "1. ", "> ", "> [!note] ", "| ", "**"])


@st.composite
def notes(draw: st.DrawFn) -> tuple[str, str, str, list[str]]:
    """A note with links to one target among filler words: the text, the target, the alias, the filler."""
    name, alias = draw(NAMES), draw(ALIASES)
    filler = draw(st.lists(FILLER, min_size=5, max_size=30))
    pieces = list(filler)
    for _ in range(draw(st.integers(1, 3))):
        link = draw(FORMS).format(name=name, alias=alias)
        pieces.insert(draw(st.integers(0, len(pieces))), link)
    gap = draw(st.sampled_from([" ", "\n", " \\\n"]))
    prefix = draw(PREFIXES)
    return f"{prefix}{gap.join(pieces)}\n", name, alias, [prefix, *filler]


def _parsed(text: str) -> Note:
    return parse_note(VaultPath("n.md"), text.encode())


@given(notes())
def test_a_hidden_link_leaves_no_trace(made: tuple[str, str, str, list[str]]) -> None:
    text, _, _, filler = made
    note = _parsed(text)
    links = sorted(note.links, key=lambda link: link.span.start)
    assume(links)
    left = fold(query_without(note, links))
    assert not set("qxzжщъjvфэю") & set(left), left
    assert set(words(left)) <= set(words(" ".join(filler)))


@given(notes())
def test_the_text_without_its_links_has_all_else(made: tuple[str, str, str, list[str]]) -> None:
    text, _, _, filler = made
    note = _parsed(text)
    left = text_without(note, note.links)
    assume(len(note.links) == text.count("](") + text.count("[["))
    assert words(left) == words(" ".join(filler))
    assert not _parsed(left).links
