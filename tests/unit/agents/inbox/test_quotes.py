from agents.inbox.quotes import quoted, quoting, renamed
from vault_sync.paths import VaultPath

OLD, NEW, OTHER = VaultPath("a/Old.md"), VaultPath('b/Новая "n".md'), VaultPath("Other.md")


def test_what_is_quoted_is_read_back() -> None:
    assert quoted(quoting([OTHER, NEW, OTHER])) == tuple(sorted([NEW, OTHER]))
    assert quoted({}) == () and quoted(quoting([])) == ()


def test_a_note_with_another_path_is_known_by_that() -> None:
    detail = {"name": "lessons", **quoting([OLD, OTHER])}
    assert quoted(renamed(detail, OLD, NEW)) == tuple(sorted([NEW, OTHER]))
    assert renamed(detail, OLD, NEW)["name"] == "lessons"
    assert renamed(detail, NEW, OLD) == detail and renamed({}, OLD, NEW) == {}
