"""Mentions: hidden links found again, the written sentences, proposals that were read, and what a note costs.

    python -m tests.bench.mentions

A fifth of a vault's inline links is hidden at a time, with their words left in the text, until each was hidden once.
A hidden link is found where a proposal for its target overlaps its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.hidden_mentions import Density, Hiding, density, seek, summed
from tests.bench.linked_vaults import NAMES, read_vault
from tests.bench.mention_cost import Cost, measure_costs
from tests.bench.mention_read import Read, still_made
from tests.bench.mention_sentences import Written, written
from tests.bench.mention_tables import (
    category_table,
    cost_table,
    density_table,
    hidden_table,
    read_table,
    written_table,
)


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
    return [
        Outcome(
            hiding,
            [density(v) for v in vaults],
            written(),
            still_made(vaults),
            measure_costs(),
        )
    ]


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


if __name__ == "__main__":
    print(table(compare()))
