from dataclasses import replace

import pytest

from vault_sync.checkup.verify import INDEX, STATE, STORE, Disagreement, Seen, Snapshot, compare, wrong_passages
from vault_sync.paths import VaultPath

A, B = VaultPath("a.md"), VaultPath("Secret/b.md")
WHOLE = Snapshot(
    disk={A: Seen("1", "p"), B: Seen("2", "q")},
    ledger={A: Seen("1", "p"), B: Seen("2", "q")},
    note_of={1: A, 2: A, 3: B},
    words_due={1: b"x", 2: b"y", 3: b"z"},
    words={1: b"x", 2: b"y", 3: b"z"},
    vectors_due={1, 2, 3},
    stored={1, 2, 3},
)


def kinds(seen: Snapshot) -> list[tuple[str, str]]:
    return [(each.kind, each.subject) for each in compare(seen)]


def test_what_agrees_is_not_mentioned() -> None:
    assert compare(WHOLE) == compare(Snapshot()) == []
    assert WHOLE.counts() == {"notes": 2, "indexed": 2, "passages": 3, "words": 3, "vectors": 3, "stored": 3}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (replace(WHOLE, ledger={A: Seen("1", "p")}), [("not_indexed", B)]),
        (replace(WHOLE, disk={A: Seen("1", "p")}), [("gone", B)]),
        (replace(WHOLE, disk={**WHOLE.disk, A: Seen("9", "r")}), [("changed", A)]),
        (replace(WHOLE, disk={**WHOLE.disk, A: Seen("1", "r")}), [("wrong_passages", A)]),
        (replace(WHOLE, no_vector={1, 3}), [("no_vector", B), ("no_vector", A)]),
        (replace(WHOLE, words={1: b"x", 3: b"z"}), [("words_missing", A)]),
        (replace(WHOLE, words={**WHOLE.words, 7: b"w"}), [("words_extra", "")]),
        (replace(WHOLE, words={**WHOLE.words, 3: b"w"}), [("words_wrong", B)]),
        (replace(WHOLE, words={}, contradiction="malformed"), [("words_damaged", "")]),
        (replace(WHOLE, stored={3}), [("store_missing", A)]),
        (replace(WHOLE, stored={1, 2, 3, 4, 5}), [("store_extra", "")]),
        (replace(WHOLE, stored_otherwise={2}), [("store_wrong", A)]),
        (replace(WHOLE, outbox={2}), [("outbox", "")]),
        (replace(WHOLE, damage={STATE: "malformed"}), [("damaged", STATE)]),
        (replace(WHOLE, damage={STORE: "gone"}, stored=set()), [("damaged", STORE)]),
        (Snapshot(damage={INDEX: "malformed"}, disk=WHOLE.disk), [("damaged", INDEX)]),
        (replace(WHOLE, open_writes=[5]), [("open_write", "journal entry 5")]),
        (replace(WHOLE, temporary=["Home/.famulus-tmp-1"]), [("temporary", "Home/.famulus-tmp-1")]),
    ],
)
def test_each_disagreement_has_its_kind(seen: Snapshot, told: list[tuple[str, str]]) -> None:
    assert kinds(seen) == told
    assert all(each.message and each.repair for each in compare(seen))


@pytest.mark.parametrize(
    ("disk", "known"),
    [
        (Seen(""), Seen("1", "p")),  # it can not be read now
        (Seen("1"), Seen("")),  # it could not be embedded, and the ledger says so
        (Seen("1"), Seen("1")),  # it is no text, and the ledger says so
    ],
)
def test_what_can_not_be_compared_is_not_said_to_differ(disk: Seen, known: Seen) -> None:
    assert compare(Snapshot(disk={A: disk}, ledger={A: known})) == []


@pytest.mark.parametrize(
    "seen",
    [
        replace(WHOLE, hidden={B}, disk={A: Seen("1", "p")}),
        replace(WHOLE, hidden={B}, no_vector={3}),
        replace(WHOLE, hidden={B}, words={1: b"x", 2: b"y"}),
        replace(WHOLE, hidden={B}, words={**WHOLE.words, 3: b"w"}),
        replace(WHOLE, hidden={B}, stored={1, 2}),
        replace(WHOLE, hidden={B}, stored_otherwise={3}),
    ],
)
def test_a_hidden_note_is_counted_and_not_named(seen: Snapshot) -> None:
    found = compare(seen)
    assert ("hidden", "") in kinds(seen) and all("b.md" not in each.subject + each.message for each in found)


def test_passages_are_counted_by_note() -> None:
    (one,) = compare(replace(WHOLE, stored={3}))
    assert one == Disagreement("store_missing", A, "2 passages are missing in the vector store.", one.repair)


def test_notes_whose_passages_are_wrong() -> None:
    assert wrong_passages(WHOLE) == set()
    assert wrong_passages(replace(WHOLE, disk={A: Seen("1", "r"), B: Seen("9", "r")})) == {A}
