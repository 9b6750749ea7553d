"""Drawing a few suggestions out of many for a person to judge: by kind and score, and the same ones for the same seed. Pure.

Each kind is cut into equal parts by score. Each part gives one suggestion at least, the rest in proportion to its size;
so rare kinds and low scores are seen, and the weights that undo the favour are close to one.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PARTS = 4
"""Into so many parts by score a kind is cut at most."""
LEAST = 3
"""A part has so many suggestions at least."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A suggestion as far as drawing sees it; without a score it counts as 0."""

    id: str
    kind: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """`stratum` says for each suggestion in which part it is; `ids` were drawn, in the order in which they are shown."""

    stratum: Mapping[str, str]
    ids: tuple[str, ...]


def draw(units: Sequence[Unit], size: int, seed: int) -> Drawn:
    """Draw `size` of the units, or all where there are no more."""
    dice = random.Random(seed)
    strata = _strata(units)
    shares = allocate({name: len(part) for name, part in strata.items()}, size)
    chosen = [unit.id for name, part in strata.items() for unit in dice.sample(part, shares[name])]
    dice.shuffle(chosen)
    return Drawn({unit.id: name for name, part in strata.items() for unit in part}, tuple(chosen))


def allocate(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many each part gives: one at least as long as that goes (the largest first), the rest in proportion."""
    wanted = min(wanted, sum(sizes.values()))
    by_size = sorted(sizes, key=lambda name: (-sizes[name], name))
    given = {name: int(place < wanted and sizes[name] > 0) for place, name in enumerate(by_size)}
    total = sum(sizes.values())
    while (left := wanted - sum(given.values())) > 0:
        open_parts = [name for name in by_size if given[name] < sizes[name]]
        behind = max(open_parts, key=lambda name: sizes[name] * wanted / total - given[name])
        share = int(sizes[behind] * wanted / total) - given[behind]
        given[behind] += min(left, max(1, share), sizes[behind] - given[behind])
    return given


def _strata(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    kinds: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: (unit.kind, unit.score or 0.0, unit.id)):
        kinds.setdefault(unit.kind, []).append(unit)
    found: dict[str, list[Unit]] = {}
    for kind, members in kinds.items():
        parts = max(1, min(PARTS, len(members) // LEAST))
        for place, unit in enumerate(members):
            found.setdefault(f"{kind}/{place * parts // len(members)}", []).append(unit)
    return found
