import time

import pytest

from vault_sync.policy.pattern import LONGEST, fits, ignores, problem


@pytest.mark.parametrize(
    ("pattern", "path", "fitting"),
    [
        ("Diary", "Diary/2026.md", True),
        ("diary/", "Diary/a/b.md", True),
        ("Diary", "Diary.md", False),
        ("Diary.md", "Diary.md", True),
        ("Ёлка", "елка/x.md", True),
        ("*.excalidraw.md", "a/b.excalidraw.md", True),
        ("Work/*/draft?.md", "Work/a/b/draft1.md", True),
        ("Work/*/draft?.md", "Work/draft1.md", False),
    ],
)
def test_globs_and_folders(pattern: str, path: str, fitting: bool) -> None:
    assert fits(path, [pattern]) is fitting


@pytest.mark.parametrize(
    ("text", "path", "hidden"),
    [
        ("Archive/", "Archive/x.md", True),
        ("Archive/", "archive/x.md", True),
        ("Archive/", "Archive", True),
        ("Archive/", "Old/Archive/x.md", False),
        ("Arch", "Architecture.md", True),
        ("Note.md", "Note.md", True),
        ("Дневник/", "дневник/день.md", True),
        ("", "x.md", False),
        ("/", "x.md", False),
        (r"/\.excalidraw\.md$/", "a/B.Excalidraw.md", True),
        ("/archive/", "Old/Archive/x.md", True),
        (r"/^(Work|Home)\/.*secret/", "home/a/Secret.md", True),
        (r"/^\w+\.md$/", "Дневник.md", True),
        (r"/note\W/", "noteя.md", True),
        (r"/(?<year>\d{4})-\k<year>/", "2026-2026.md", True),
        (r"/(?<year>\d{4})-\k<year>/", "2026-2027.md", False),
        ("/[[x]/", "[.md", True),
        ("/.*secret.*/", "My Secret list.md", True),
        ("/^.*secret.*$/", "My list.md", False),
        (r"/^Home\/.*private.*\.md$/", "Home/a private b.md", True),
        (r"/draft\.*/", "my draft.md", True),
    ],
)
def test_filters_of_obsidian(text: str, path: str, hidden: bool) -> None:
    assert problem(text) == ""
    assert ignores([text], path) is hidden


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/(/", "can not be read"),
        (r"/\p{L}/", "can not be read"),
        ("//", "characters"),
        (f"/{'a' * (LONGEST + 1)}/", "characters"),
        ("/(a+)+b/", "forever"),
        ("/(a|aa)*b/", "forever"),
        ("/(a?){30}a{30}/", "forever"),
        (r"/([^/]+\/)*x/", "forever"),
        ("/((a*)b)+/", "forever"),
        ("/(a{1,9}){9}/", "forever"),
        ("/a.*.*.*x/", "forever"),
        (f"/{'a?' * 30}/", "forever"),
        (f"/{'(a|aa)' * 30}/", "forever"),
    ],
)
def test_what_can_not_be_followed_is_told_and_hides_nothing(text: str, told: str) -> None:
    assert told in problem(text)
    assert not ignores([text], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x.md")


@pytest.mark.parametrize(
    "text", ["/a.*.*x/", "/.*.*.*.*x/", "/(a|aa)?(a|aa)?(a|aa)?(a|aa)?b/", "/a{1,9}a{1,9}b/", "/[^x]*x?x?x?y/"]
)
def test_what_is_followed_takes_no_time(text: str) -> None:
    assert problem(text) == ""
    began = time.process_time()
    ignores([text], "a" * 250 + ".md")
    assert time.process_time() - began < 2


def test_one_group_may_have_many_alternatives() -> None:
    assert problem(f"/^({'|'.join('abcdefghijklm')})x$/") == ""
