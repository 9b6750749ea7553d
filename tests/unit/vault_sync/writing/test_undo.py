import pytest

from vault_sync.errors import UndoRefusedError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, Removal, outcome
from vault_sync.writing.journal import Images
from vault_sync.writing.undo import reverse

PATH = VaultPath("n.md")


def undone(before: str | None, after: str | None, now: str | None) -> str | None:
    def coded(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    change = reverse(PATH, Images(coded(before), coded(after)), coded(now))
    result = outcome(change, coded(now)) if change is not None else coded(now)
    return None if result is None else result.decode()


SECTION = "\n\n%% famulus:related %%\n- [[A]] — why\n%% /famulus:related %%"


@pytest.mark.parametrize(
    ("before", "after", "now", "result"),
    [
        ("a b c", "a X c", "a X c", "a b c"),
        ("text\n", f"text{SECTION}\n", f"text{SECTION}\n", "text\n"),
        ("text\n", f"text{SECTION}\n", f"more text{SECTION}\n", "more text\n"),
        ("text\n", f"text{SECTION}\n", f"text{SECTION}\nand more\n", "text\nand more\n"),
        ("text\n", f"text{SECTION}\n", f"text{SECTION}", "text"),
        ("text\n", f"text{SECTION}\n", f"one\n\ntext, edited{SECTION}\n\nlast\n", "one\n\ntext, edited\n\nlast\n"),
        ("text", f"text{SECTION}", f"text\nand a line{SECTION}", "text\nand a line"),
        ("text", "text\r\n\r\nX", "text\r\na line\r\n\r\nX", "text\r\na line"),
        (
            "см. заметку о соли",
            "см. [[Соль|заметку]] о соли",
            "Тут: см. [[Соль|заметку]] о соли!",
            "Тут: см. заметку о соли!",
        ),
        ("a\nb\nc\n", "a\nc\n", "A\na\nc\nC\n", "A\na\nb\nc\nC\n"),
        ("x x x x", "x x x x x", "x x x x x y", "x x x x y"),
        ("🌲 a", "🌲 b", "🌲🌲 b", "🌲🌲 a"),
        ("a\r\nb\r\n", "a\r\nX\r\nb\r\n", "a!\r\nX\r\nb\r\n", "a!\r\nb\r\n"),
        ("a b c", "a c", "a d c", "a b d c"),
        ("same", "same+", "same", "same"),
        # a line that shares ends with both neighbours, which were taken back since
        ("u1\nf5 \nf4 \n", "u1\nf5 \nf6 \nf4 \n", "u1\nf6 \n", "u1\n"),
        ("- [[A]]\n- [[C]]\n", "- [[A]]\n- [[B]]\n- [[C]]\n", "# Mine\n- [[B]]\nmine\n", "# Mine\nmine\n"),
    ],
)
def test_takes_back_and_keeps_what_the_user_did_elsewhere(before: str, after: str, now: str, result: str) -> None:
    assert undone(before, after, now) == result


@pytest.mark.parametrize(
    ("before", "after", "now", "cause"),
    [
        ("a b c", "a X c", "a Y c", "same place"),
        ("text\n", f"text{SECTION}\n", f"text{SECTION.replace('why', 'because')}\n", "same place"),
        ("text\n", f"text{SECTION}\n", "text\n\nsomething else", "same place"),
        ("a b c", "a c", "a_c", "same place"),
        ("a", "b", None, "gone"),
        (None, "made", "made, and changed", "changed since"),
        ("was here", None, "another one", "by now"),
    ],
)
def test_refuses_where_the_user_was(before: str | None, after: str | None, now: str | None, cause: str) -> None:
    with pytest.raises(UndoRefusedError) as raised:
        undone(before, after, now)
    assert cause in raised.value.cause


FRONT = "---\ntags: [a, b]\n---\n"
TOGETHER = f"{FRONT}one [[Two|two]]\nthree\nfour [[Five]]\n{SECTION}\n"
BEFORE = "---\ntags: [a]\n---\none two\nthree\nfour Five\n\n"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("three\n", "three, edited\n"),
        ("three\n", "three\nand a line\n"),
        ("one ", "Number one "),
        ("---\none", "---\n# Title\none"),
        ("three\n", ""),
    ],
)
def test_what_was_written_at_several_places_at_once_is_taken_back_from_each(was: str, now: str) -> None:
    assert undone(BEFORE, TOGETHER, TOGETHER.replace(was, now, 1)) == BEFORE.replace(was, now, 1)


@pytest.mark.parametrize(("was", "now"), [("[[Two|two]]", "[[Two|twos]]"), ("why", "because"), ("[a, b]", "[b]")])
def test_none_of_it_is_taken_back_where_the_user_was_at_one_place(was: str, now: str) -> None:
    with pytest.raises(UndoRefusedError, match="same place"):
        undone(BEFORE, TOGETHER, "# New\n" + TOGETHER.replace(was, now, 1))


def test_a_note_that_famulus_made_is_removed_and_made_again() -> None:
    assert isinstance(reverse(PATH, Images(None, b"made"), b"made"), Removal)
    assert reverse(PATH, Images(None, b"made"), None) is None
    again = reverse(PATH, Images(b"made", None), None)
    assert isinstance(again, Edit) and outcome(again, None) == b"made"


def test_a_byte_order_mark_stays() -> None:
    mark = b"\xef\xbb\xbf"
    change = reverse(PATH, Images(mark + b"a", mark + b"a+"), mark + b"!a+")
    assert isinstance(change, Edit) and outcome(change, mark + b"!a+") == mark + b"!a"


def test_what_is_no_longer_text_is_refused() -> None:
    with pytest.raises(UndoRefusedError):
        reverse(PATH, Images(b"a", b"ab"), b"\xff\xfeab")


def test_a_long_note_with_many_equal_lines_takes_no_time() -> None:
    lines = "- [ ] same\n\n" * 60_000
    assert undone(lines, f"{lines}{SECTION}", f"# New\n{lines}{SECTION}") == f"# New\n{lines}"
    with pytest.raises(UndoRefusedError):
        undone(lines + lines, lines + SECTION + lines, f"x{lines}{SECTION}{lines}y")
