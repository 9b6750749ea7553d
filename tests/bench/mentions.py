"""Mentions: hidden links found again, the written sentences, proposals that were read, and what a note costs.

    python -m tests.bench.mentions

A fifth of a vault's inline links is hidden at a time, with their words left in the text, until each was hidden once.
A hidden link is found where a proposal for its target overlaps its words.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.linked_vaults import NAMES, Hidden, LinkedVault, WrittenLink, hide, read_vault
from tests.bench.mention_cost import Cost, measure_costs
from tests.bench.mention_finder import finder, written_finder
from tests.bench.plain_matcher import PlainMatcher, names_of
from tests.mention_cases import HALVES, LANGUAGES, Found, Verdict, cases, judge
from tests.mention_read import Read, still_made
from vault_sync.metrics import Estimate, estimate
from vault_sync.note import Note
from vault_sync.parse import parse_note
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


@dataclass(frozen=True, slots=True)
class Written:
    """The written sentences of a language and half, all or one category."""

    language: str
    half: str
    category: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was measured."""

    hiding: list[Hiding]
    density: list[Density]
    written: list[Written]
    read: list[Read]
    costs: list[Cost]


def compare() -> list[Outcome]:
    vaults = [read_vault(name) for name in NAMES]
    hiding = [row for vault in vaults for row in summed(vault.name, list(seek(vault)))]
    return [Outcome(hiding, [density(v) for v in vaults], written(), [still_made(v) for v in vaults], measure_costs())]


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


def written() -> list[Written]:
    """The sentences by language, half and category; the category is empty for all together."""
    rows = []
    for language in LANGUAGES:
        find = written_finder(language)
        for half in HALVES:
            verdicts = [judge(c, find(parse_note(c.source, c.text.encode()))) for c in cases(language, half)]
            names = ["", *dict.fromkeys(verdict.case.category for verdict in verdicts)]
            rows += [_tally(language, half, name, verdicts) for name in names]
    return rows


def _tally(language: str, half: str, category: str, verdicts: Sequence[Verdict]) -> Written:
    part = [verdict for verdict in verdicts if category in ("", verdict.case.category)]
    right, wrong, missed = (sum(len(getattr(v, kind)) for v in part) for kind in ("right", "wrong", "missed"))
    return Written(language, half, category, right, wrong, missed)


def _by_source(links: Sequence[WrittenLink]) -> dict[VaultPath, list[WrittenLink]]:
    grouped = defaultdict(list)
    for link in links:
        grouped[link.source].append(link)
    return dict(sorted(grouped.items()))


def table(outcomes: Sequence[Outcome]) -> str:
    """The tables, one below the other."""
    return "\n\n".join(
        part
        for one in outcomes
        for part in (
            hidden_table(one.hiding),
            density_table(one.density),
            written_table(one.written),
            category_table(one.written),
            read_table(one.read),
            cost_table(one.costs),
        )
    )


def _share(of: Estimate) -> str:
    return f"{of.mean:.3f} ({of.low:.3f}–{of.high:.3f})" if of.n else "–"


def hidden_table(rows: Sequence[Hiding]) -> str:
    lines = [
        "| vault | hidden links | method | n | found | may be linked | linked in the section | right note | same words |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.vault} | {r.group} | {r.method} | {r.recall.n} | {_share(r.recall)} | {r.linked.n}"
        f" | {_share(r.linked)} | {_share(r.precision)} | {_share(r.exact)} |"
        for r in rows
    ]
    return "\n".join(lines)


def density_table(rows: Sequence[Density]) -> str:
    lines = [
        "| vault as it stands | notes | proposals | a note | notes with any | plain matcher |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.vault} | {r.notes} | {r.proposals} | {r.proposals / r.notes:.1f} | {r.notes_with} | {r.plain} |"
        for r in rows
    ]
    return "\n".join(lines)


def written_table(rows: Sequence[Written]) -> str:
    lines = ["| written sentences | half | marked | precision | recall |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.language} | {r.half} | {r.right + r.missed} | {r.precision:.3f} | {r.recall:.3f} |"
        for r in rows
        if not r.category
    ]
    return "\n".join(lines)


def category_table(rows: Sequence[Written]) -> str:
    lines = ["| category, both halves | ru: right, wrong, missed | en: right, wrong, missed |", "|---|---|---|"]
    for category in dict.fromkeys(r.category for r in rows if r.category):
        cells = []
        for language in LANGUAGES:
            part = [r for r in rows if (r.language, r.category) == (language, category)]
            counts = (sum(r.right for r in part), sum(r.wrong for r in part), sum(r.missed for r in part))
            cells.append(", ".join(map(str, counts)) if part else "–")
        lines.append(f"| {category.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read_table(rows: Sequence[Read]) -> str:
    lines = [
        "| proposals read | judged | still made | right | pointless | wrong | precision |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.vault} | {r.judged} | {r.made} | {r.right} | {r.pointless} | {r.wrong} | {_share(r.precision)} |"
        for r in rows
    ]
    return "\n".join(lines)


def cost_table(rows: Sequence[Cost]) -> str:
    lines = [
        "| titles | building once (s) | CPU ms a note | parsing the note (ms) | ratio | plain matcher (ms) |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.titles:,} | {r.build_s:.1f} | {r.find_ms:.2f} | {r.parse_ms:.2f} | {r.find_ms / r.parse_ms:.2f}"
        f" | {r.plain_ms:.2f} |"
        for r in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare()))
