"""Links of the shared vaults, hidden a fifth at a time: which are found again, beside a plain matcher.

A hidden link is found where a proposal for its target overlaps its words.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.linked_vaults import Hidden, LinkedVault, WrittenLink, hide
from tests.bench.mention_finder import POLICY, finder
from tests.bench.plain_matcher import PlainMatcher, names_of
from tests.mention_cases import Found
from vault_sync.evaluation.metrics import Estimate, estimate
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

METHODS = ("Famulus", "plain")


@dataclass(frozen=True, slots=True)
class Sought:
    """A hidden link, and by method the proposals that touch its words. `open` is False where no link would be made
    by the rules: in a heading, or where its section links the target already. `linked` has the methods by which its
    section gets a link to the target, there or at an earlier mention."""

    hidden: Hidden
    open: bool
    touching: Mapping[str, tuple[Found, ...]]
    linked: frozenset[str]

    def found(self, method: str) -> bool:
        return any(each.target == self.hidden.link.target for each in self.touching[method])


@dataclass(frozen=True, slots=True)
class Hiding:
    """One vault's hidden links: the share that is found, of those that are `open` the share whose section gets the
    link; of the proposals that touch their words, the share that leads to the right note, and that has the very words."""

    vault: str
    group: str
    method: str
    recall: Estimate
    linked: Estimate
    precision: Estimate
    exact: Estimate


@dataclass(frozen=True, slots=True)
class Density:
    """Proposals for a vault as it stands, none hidden; CPU milliseconds a note for finding, with what the index is
    asked for, and for parsing."""

    vault: str
    notes: int
    proposals: int
    notes_with: int
    plain: int
    find_ms: float
    parse_ms: float


def seek(vault: LinkedVault) -> list[Sought]:
    """Every link of the vault, hidden once."""
    return [each for fold in vault.folds for each in _without(vault, fold)]


def _without(vault: LinkedVault, fold: Sequence[WrittenLink]) -> Iterator[Sought]:
    """The links of one part, all hidden at once."""
    hidden = {source: hide(vault.notes[source], links) for source, links in _by_source(fold).items()}
    plain = PlainMatcher(names_of(vault.notes.values()))
    with finder({**vault.notes, **{source: note for source, (note, _) in hidden.items()}}) as find:
        for source, (note, places) in hidden.items():
            may = _open(vault, source, [place.link for place in places])
            proposals = {"Famulus": find(note), "plain": plain.find(note)}
            yield from (_sought(note, place, place.link in may, proposals) for place in places)


def _sought(note: Note, hidden: Hidden, may: bool, proposals: Mapping[str, Sequence[Found]]) -> Sought:
    return Sought(
        hidden,
        may,
        {m: tuple(f for f in found if f.span.overlaps(hidden.span)) for m, found in proposals.items()},
        frozenset(m for m, found in proposals.items() if _in_section(note, hidden, found)),
    )


def _in_section(note: Note, hidden: Hidden, found: Sequence[Found]) -> bool:
    own = _section(note, hidden.span.start)
    return any(f.target == hidden.link.target and _section(note, f.span.start) == own for f in found)


def _open(vault: LinkedVault, source: VaultPath, links: Sequence[WrittenLink]) -> set[WrittenLink]:
    """The links that may be made by the rules: not in a heading, not in templates nor to one, and the first to its
    target in its section."""
    note = vault.notes[source]
    headings = [heading.span for heading in note.headings]
    left = [link for link in vault.links if link.source == source and link not in links]
    taken = {(_section(note, link.span.start), link.target) for link in left}
    may = set()
    for link in sorted(links, key=lambda link: link.span.start):
        place = (_section(note, link.span.start), link.target)
        closed = any(span.overlaps(link.span) for span in headings)
        closed |= not POLICY.writable(source) or POLICY.template(link.target)
        if place not in taken and not closed:
            may.add(link)
            taken.add(place)
    return may


def _section(note: Note, offset: int) -> int:
    return sum(heading.span.start <= offset for heading in note.headings)


def summed(vault: str, sought: Sequence[Sought]) -> list[Hiding]:
    """Rows by group and method."""
    rows = []
    for group, easy in (("easy", True), ("hard", False)):
        part = [each for each in sought if each.hidden.link.easy == easy]
        rows += [_row(vault, group, method, part) for method in METHODS]
    return rows


def _row(vault: str, group: str, method: str, part: Sequence[Sought]) -> Hiding:
    touching = [(each.hidden, found) for each in part for found in each.touching[method]]
    return Hiding(
        vault,
        group,
        method,
        estimate([(each.hidden.link.source, float(each.found(method))) for each in part]),
        estimate([(each.hidden.link.source, float(method in each.linked)) for each in part if each.open]),
        estimate([(h.link.source, float(f.target == h.link.target)) for h, f in touching]),
        estimate([(h.link.source, float(f.span == h.span)) for h, f in touching if f.target == h.link.target]),
    )


def density(vault: LinkedVault) -> Density:
    """How much is proposed where nothing was hidden."""
    plain, size = PlainMatcher(names_of(vault.notes.values())), len(vault.notes)
    with finder(vault.notes) as find:
        began = time.process_time()
        counts = [len(find(note)) for note in vault.notes.values()]
        took = 1000 * (time.process_time() - began) / size
    began = time.process_time()
    for note in vault.notes.values():
        parse_note(note.path, note.text.encode())
    parsing = 1000 * (time.process_time() - began) / size
    matched = sum(len(plain.find(note)) for note in vault.notes.values())
    return Density(vault.name, size, sum(counts), sum(map(bool, counts)), matched, took, parsing)


def _by_source(links: Sequence[WrittenLink]) -> dict[VaultPath, list[WrittenLink]]:
    grouped = defaultdict(list)
    for link in links:
        grouped[link.source].append(link)
    return dict(sorted(grouped.items()))
