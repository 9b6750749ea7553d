"""The tables of the benchmark of mentions."""

from collections.abc import Sequence

from tests.bench.hidden_mentions import Density, Hiding
from tests.bench.mention_cost import Cost
from tests.bench.mention_read import Read
from tests.bench.mention_sentences import Written
from vault_sync.evaluation.metrics import Estimate


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
        "| vault as it stands | notes | proposals | a note | notes with any | plain matcher | CPU ms a note | parsing it (ms) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.vault} | {r.notes} | {r.proposals} | {r.proposals / r.notes:.1f} | {r.notes_with} | {r.plain}"
        f" | {r.find_ms:.2f} | {r.parse_ms:.2f} |"
        for r in rows
    ]
    return "\n".join(lines)


def written_table(rows: Sequence[Written]) -> str:
    lines = ["| written sentences | part | vectors | marked | precision | recall |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.language} | {r.part} | {r.vectors} | {r.right + r.missed} | {r.precision:.3f} | {r.recall:.3f} |"
        for r in rows
        if not r.category
    ]
    return "\n".join(lines)


def category_table(rows: Sequence[Written]) -> str:
    """What is right, wrong and missed in all parts together."""
    groups = list(dict.fromkeys((r.language, r.vectors) for r in rows))
    lines = [f"| category, all parts | {' | '.join(f'{language}, vectors: {v}' for language, v in groups)} |"]
    lines.append("|---" * (len(groups) + 1) + "|")
    for category in dict.fromkeys(r.category for r in rows if r.category):
        cells = []
        for group in groups:
            those = [r for r in rows if (r.language, r.vectors, r.category) == (*group, category)]
            counts = (sum(r.right for r in those), sum(r.wrong for r in those), sum(r.missed for r in those))
            cells.append(", ".join(map(str, counts)) if those else "–")
        lines.append(f"| {category.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read_table(rows: Sequence[Read]) -> str:
    lines = [
        "| proposals read | round | judged | still made | right | pointless | wrong | precision |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.vault} | {r.round} | {r.judged} | {r.made} | {r.right} | {r.pointless} | {r.wrong} | {_share(r.precision)} |"
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
