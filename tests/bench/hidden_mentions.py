"""Links of the shared vaults, hidden a fifth at a time: which are found again, beside a plain matcher.

A hidden link is found where a proposal for its target overlaps its words.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.linked_vaults import Hidden, LinkedVault, WrittenLink, hide
from tests.bench.mention_finder import finder
from tests.bench.plain_matcher import PlainMatcher, names_of
from tests.mention_cases import Found
from vault_sync.metrics import Estimate, estimate
from vault_sync.note import Note
from vault_sync.paths import VaultPath

Finder = Callable[[Note], Sequence[Found]]
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
    """Proposals for a vault as it stands, none hidden."""

    vault: str
    notes: int
    proposals: int
    notes_with: int
    plain: int


def seek(vault: LinkedVault) -> list[Sought]:
    """Every link of the vault, hidden once."""
    plain = PlainMatcher(names_of(vault.notes.values())).find
    found = []
    for fold in vault.folds:
        finders = {"Famulus": finder(vault, fold), "plain": plain}
        for source, links in _by_source(fold).items():
            found += _sought(vault, source, links, finders)
    return found


def _sought(
    vault: LinkedVault, source: VaultPath, links: Sequence[WrittenLink], finders: Mapping[str, Finder]
) -> list[Sought]:
    note, places = hide(vault.notes[source], links)
    proposals = {method: find(note) for method, find in finders.items()}
    may = _open(vault, source, links)
    return [
        Sought(
            hidden,
            hidden.link in may,
            {m: tuple(f for f in found if f.span.overlaps(hidden.span)) for m, found in proposals.items()},
            frozenset(m for m, found in proposals.items() if _in_section(note, hidden, found)),
        )
        for hidden in places
    ]


def _in_section(note: Note, hidden: Hidden, found: Sequence[Found]) -> bool:
    own = _section(note, hidden.span.start)
    return any(f.target == hidden.link.target and _section(note, f.span.start) == own for f in found)


def _open(vault: LinkedVault, source: VaultPath, links: Sequence[WrittenLink]) -> set[WrittenLink]:
    """The links that may be made by the rules: not in a heading, and the first to its target in its section."""
    note = vault.notes[source]
    headings = [heading.span for heading in note.headings]
    left = [link for link in vault.links if link.source == source and link not in links]
    taken = {(_section(note, link.span.start), link.target) for link in left}
    may = set()
    for link in sorted(links, key=lambda link: link.span.start):
        place = (_section(note, link.span.start), link.target)
        if place not in taken and not any(span.overlaps(link.span) for span in headings):
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
    find, plain = finder(vault), PlainMatcher(names_of(vault.notes.values()))
    counts = [len(find(note)) for note in vault.notes.values()]
    matched = sum(len(plain.find(note)) for note in vault.notes.values())
    return Density(vault.name, len(counts), sum(counts), sum(map(bool, counts)), matched)


def _by_source(links: Sequence[WrittenLink]) -> dict[VaultPath, list[WrittenLink]]:
    grouped = defaultdict(list)
    for link in links:
        grouped[link.source].append(link)
    return dict(sorted(grouped.items()))
