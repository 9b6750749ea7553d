import pytest

from vault_sync.index.erasure import Logged, traces


def log(*entries: str) -> list[Logged]:
    """`created a`, `modified a`, `deleted a` or `moved a b` (from a to b), oldest first."""
    made = []
    for number, entry in enumerate(entries, start=1):
        kind, first, *then = entry.split()
        made.append(Logged(number, kind, then[0] if then else first, first if then else None))
    return made


@pytest.mark.parametrize(
    ("entries", "gone", "about", "beside"),
    [
        (("created a", "created b", "modified a"), "a", [1, 3], []),
        (("created a", "modified a", "moved a b", "modified b"), "b", [1, 2, 3, 4], []),
        (("created a", "moved a b", "created a", "modified a"), "b", [1, 2], []),
        (("created a", "deleted a", "created a", "moved a b"), "b", [3, 4], []),
        (("created a", "moved a b", "moved b c"), "c", [1, 2, 3], []),
        (("created a", "moved a b", "modified b"), "a", [1], [2]),
        (("deleted a", "created b"), "a", [1], []),
        (("created a", "moved a b", "moved b a"), "a", [1, 2, 3], []),
        (("created a",), "x", [], []),
    ],
)
def test_which_entries_are_about_a_note(
    entries: tuple[str, ...], gone: str, about: list[int], beside: list[int]
) -> None:
    found = traces(log(*entries), {gone})
    assert (sorted(found[0]), found[1]) == (about, beside)
