"""Proposals for the shared vaults that were read one by one, in `tests/cases/mentions_read.json`, and how they count.

A proposal is `right` where a careful writer of the vault would have made the link, `pointless` where it leads to the
right note and helps nobody, `wrong` where it leads to another thing than what is meant.
"""

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache

from tests.bench.linked_vaults import LinkedVault
from tests.bench.mention_finder import finder
from tests.mention_cases import CASES
from vault_sync.metrics import Estimate, estimate

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


@dataclass(frozen=True, slots=True)
class Read:
    """Of the proposals that were read, those still made. Pointless ones count as errors."""

    vault: str
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


def proposals(vault: LinkedVault) -> set[tuple[str, str, str, str, str, str]]:
    """What is proposed now for the vault as it stands, by what a judgement is known by."""
    find = finder(vault)
    found: set[tuple[str, str, str, str, str, str]] = set()
    for path, note in vault.notes.items():
        for each in find(note):
            start, end = each.span.start, each.span.end
            before, after = note.text[max(0, start - AROUND) : start], note.text[end : end + AROUND]
            found.add((path, before, note.text[start:end], after, each.target, each.heading))
    return found


def still_made(vault: LinkedVault) -> Read:
    """The judgements of the vault, for those proposals that are still made."""
    judged = [each for each in judgements() if each.vault == vault.name]
    now = proposals(vault)
    made = [j for j in judged if (j.path, j.before, j.words, j.after, j.target, j.heading) in now]
    counts = Counter(each.verdict for each in made)
    precision = estimate([(each.path, float(each.verdict == "right")) for each in made])
    return Read(vault.name, len(judged), len(made), counts["right"], counts["pointless"], counts["wrong"], precision)
