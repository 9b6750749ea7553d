import unicodedata

import pytest

from vault_sync.errors import BadPathError
from vault_sync.paths import folder_of, title_of, vault_path, within


@pytest.mark.parametrize(
    "bad", ["", "/etc/passwd", "../x.md", "a/../b.md", "a//b.md", "./a.md", "a\0.md", "C:/x.md", "..\\x.md"]
)
def test_refuses_what_leaves_the_vault(bad: str) -> None:
    with pytest.raises(BadPathError):
        vault_path(bad)


def test_compares_in_nfc() -> None:
    assert vault_path(unicodedata.normalize("NFD", "Ёжик.md")) == "Ёжик.md"


@pytest.mark.parametrize("good", ["a.md", "Папка/Заметка #1 100%.md", "😀/x y.md", "a\\b.md"])
def test_accepts_names_that_people_use(good: str) -> None:
    assert vault_path(good) == good.replace("\\", "/")


def test_title_and_folder() -> None:
    path = vault_path("A/B/Note v1.2.md")
    assert (title_of(path), folder_of(path), folder_of(vault_path("x.md"))) == ("Note v1.2", "A/B", "")


def test_within_does_not_match_a_prefix_of_a_name() -> None:
    assert within("Work/a.md", "Work") and within("Work/a.md", "/Work/") and within("x.md", "")
    assert not within("Workshop/a.md", "Work")
