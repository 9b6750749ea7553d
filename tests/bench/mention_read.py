"""Proposals for the shared vaults that were read one by one, in `tests/cases/mentions_read.json`, and how they count.

A proposal is `right` where a careful writer of the vault would have made the link, `pointless` where it leads to the
right note and helps nobody, `wrong` where it leads to another thing than what is meant.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tests.bench.linked_vaults import LinkedVault, unlinked, with_unmade
from tests.bench.mention_finder import finder
from tests.mention_cases import CASES, Found
from vault_sync.evaluation.metrics import Estimate, estimate
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath

Key = tuple[str, str, str, str, str, str]
"""What a proposal is known by: path, text before, words, text after, target, heading."""
STATES: Mapping[str, Callable[[LinkedVault], Mapping[VaultPath, Note]]] = {
    "as it stands": lambda vault: vault.notes,
    "unlinked": unlinked,
    "with unmade notes": with_unmade,
}
"""In which state the vault was when a proposal was drawn: of the first, every proposal had been read at last."""
AROUND = 40
"""Code points on each side by which a proposal is known again."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal that was read: the words with what stood around them, where they lead, and the verdict."""

    vault: str
    path: str
    before: str
    words: str
    after: str
    target: str
    heading: str
    verdict: str
    reason: str
    round: int
    """Which time proposals were drawn and read: what the first round showed was told to those who write the code."""
    state: str = "as it stands"

    @property
    def key(self) -> Key:
        return (self.path, self.before, self.words, self.after, self.target, self.heading)


@dataclass(frozen=True, slots=True)
class Read:
    """Of the proposals that were read, those still made. Pointless ones count as errors."""

    vault: str
    round: int
    judged: int
    made: int
    right: int
    pointless: int
    wrong: int
    precision: Estimate


@cache
def judgements() -> tuple[Judged, ...]:
    """All that was read."""
    rows = json.loads((CASES / "mentions_read.json").read_text(encoding="utf-8"))
    return tuple(Judged(**row) for row in rows["proposals"])


def proposals(vault: LinkedVault, state: str = "as it stands") -> set[Key]:
    """What is proposed now for the vault in one of the `STATES`, by what a judgement is known by."""
    notes = STATES[state](vault)
    with finder(notes) as find:
        return {key_of(note, each) for note in notes.values() for each in find(note)}


def key_of(note: Note, found: Found) -> Key:
    start, end = found.span.start, found.span.end
    before, after = note.text[max(0, start - AROUND) : start], note.text[end : end + AROUND]
    return (note.path, before, note.text[start:end], after, found.target, found.heading)


def still_made(vaults: Sequence[LinkedVault]) -> list[Read]:
    """The judgements that count still, by vault and round, and by round for all vaults together."""
    known = {vault.name: vault for vault in vaults}
    judged = [each for each in judgements() if each.vault in known]
    drawn = sorted({(each.vault, each.state) for each in judged})
    now = {(name, state): proposals(known[name], state) for name, state in drawn}
    rounds = sorted({each.round for each in judged})
    groups = [(name, [j for j in judged if j.vault == name]) for name in known] + [("all", judged)]
    return [_counted(name, n, [j for j in of if j.round == n], now) for n in rounds for name, of in groups]


def _counted(name: str, number: int, judged: Sequence[Judged], now: Mapping[tuple[str, str], set[Key]]) -> Read:
    made = [each for each in judged if each.key in now[each.vault, each.state]]
    counts = Counter(each.verdict for each in made)
    precision = estimate([(each.path, float(each.verdict == "right")) for each in made])
    return Read(name, number, len(judged), len(made), counts["right"], counts["pointless"], counts["wrong"], precision)
