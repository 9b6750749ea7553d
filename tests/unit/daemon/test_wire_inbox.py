import pytest

from agents.inbox.choice import Choice
from agents.inbox.suggestion import Suggestion
from daemon.wire_inbox import DecideBody, folder_of, suggestion
from vault_sync.errors import BadPathError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, content_hash

PATH = VaultPath("Заметка.md")


def made(data: bytes, start: int, before: str, after: str) -> Suggestion:
    edit = Edit(PATH, content_hash(data), Span(start, start + len(before)), before, after)
    return Suggestion("id", "mention", PATH, None, None, None, "", "", edit, "test", 1.0)


def test_the_line_around_a_mention_is_its_context() -> None:
    data = "🌲 Лес.\nМы пришли к квантованию весов.\nКонец.".encode()
    each = made(data, 19, "квантованию", "[[Квантование|квантованию]]")
    shown = suggestion(each, data, shown=True)
    assert shown["context"] == {"before": "Мы пришли к ", "after": " весов."}
    assert shown["edit"]["span"] == {"start": 20, "end": 31, "unit": "utf16"}, "the tree is two units"
    assert (shown["hidden"], suggestion(each, data, shown=False)["hidden"]) == (False, True)


def test_a_long_line_is_cut() -> None:
    data = ("я" * 500).encode()
    context = suggestion(made(data, 250, "яя", "[[я]]"), data, shown=True)["context"]
    assert context["before"].startswith("…") and context["after"].endswith("…") and len(context["after"]) == 121


@pytest.mark.parametrize("now", [b"Other text.", b"\xff\xfe", None], ids=["changed", "unreadable", "gone"])
def test_there_is_no_context_in_another_text(now: bytes | None) -> None:
    assert suggestion(made(b"Text.", 0, "Text", "[[Text]]"), now, shown=True)["context"] is None


def test_a_change_of_lines_has_no_context() -> None:
    assert suggestion(made(b"Text.", 5, "", "\nMore\n"), b"Text.", shown=True)["context"] is None


def test_folders_are_taken_as_people_write_them() -> None:
    assert [folder_of(text) for text in ("", "/", "Чай/", "a\\b", "и\u0306")] == ["", "", "Чай", "a/b", "й"]
    with pytest.raises(BadPathError):
        folder_of("../secret")


def test_a_body_is_a_choice() -> None:
    body = DecideBody(folder="Чай/", kind="link", min_score=0.5)
    assert body.choice() == Choice((), None, "Чай", "link", "", 0.5, None)
    assert not DecideBody(everything=True).choice()
