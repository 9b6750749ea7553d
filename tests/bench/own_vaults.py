"""`famulus eval` on the shared vaults: hidden links and known items, and what other weights of the lanes would give.

    python -m tests.bench.own_vaults [VAULT …]

The questions are drawn by the product's own code; each hidden link is also looked up in the list of links that an
independent reading of the vault made.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.related.neighbours import Limits, Neighbours
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES
from tests.bench.retrieval import indexed
from tests.bench.vaults import NAMES, links
from vault_sync.evaluation import comparing
from vault_sync.evaluation.comparing import SHARES, WEIGHTS, Comparison
from vault_sync.evaluation.evaluate import Asked, Examiner, Row, rows
from vault_sync.evaluation.questions import KINDS, Questions
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault

MOST = 150
"""Questions of a kind and vault."""


@dataclass(frozen=True, slots=True)
class OwnVault:
    """What one vault's own questions say. `known_links` is the share of the hidden links that the other reading has."""

    vault: str
    rows: list[Row]
    comparisons: list[Comparison]
    known_links: float
    left_out: dict[str, int]


def measure(name: str, embedder: CachedEmbedder, most: int = MOST) -> OwnVault:
    with tempfile.TemporaryDirectory() as folder:
        ledger, searcher = indexed(FIXTURES / "vaults" / name, Path(folder), embedder)
        vault = Vault(FIXTURES / "vaults" / name)
        questions = Questions(ledger, Policy(), lambda path: vault.read(path)[0])
        examiner = Examiner(ledger, searcher, embedder)
        neighbours = Neighbours(ledger, searcher, Policy(), Limits())
        drawn = [question for kind in KINDS for question in questions.draw(kind, most)]
        asked: list[Asked] = [each for question in drawn for each in examiner.ask(question, WEIGHTS)]
        compared = comparing.compare(asked, WEIGHTS)
        related = [
            each
            for stripped in questions.stripped(most)
            for each in examiner.ask_related(stripped, SHARES, neighbours.as_if)
        ]
        compared += comparing.compare(related, SHARES)
        asked += related
        ledger.close()
    pairs = [(q.source or VaultPath(""), q.target) for q in drawn if q.kind == "link"]
    truth = links(name)
    known = sum(target in truth.get(source, ()) for source, target in pairs) / max(len(pairs), 1)
    return OwnVault(name, rows(asked), compared, known, dict(questions.left_out))


def compare(names: Sequence[str] = NAMES) -> list[OwnVault]:
    cached = CachedEmbedder(E5Embedder())
    return [measure(name, cached) for name in names]


def table(outcomes: Sequence[OwnVault]) -> str:
    """The figures, and below them what other weights would give."""
    return f"{figures(outcomes)}\n\n{compared(outcomes)}\n\n{checked(outcomes)}"


def figures(outcomes: Sequence[OwnVault]) -> str:
    lines = [
        "| vault | asked | group | n | recall@10 | MRR@10 |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        for row in one.rows:
            recall, mrr = (f"{e.mean:.3f} ({e.low:.3f}–{e.high:.3f})" for e in (row.recall, row.mrr))
            lines.append(f"| {one.vault} | {row.kind} | {row.group} | {row.recall.n} | {recall} | {mrr} |")
    return "\n".join(lines)


def compared(outcomes: Sequence[OwnVault]) -> str:
    lines = [
        "| vault | configuration | MRR@10 | against the present setting | beyond chance |",
        "|---|---|---|---|---|",
    ]
    for one in outcomes:
        for each in one.comparisons:
            gain = f"{each.gain.mean:+.3f} ({each.gain.low:+.3f} to {each.gain.high:+.3f})"
            beyond = "yes" if each.gain.beyond_chance else "no"
            lines.append(f"| {one.vault} | {each.configuration} | {each.mrr.mean:.3f} | {gain} | {beyond} |")
    return "\n".join(lines)


def checked(outcomes: Sequence[OwnVault]) -> str:
    shares = ", ".join(f"{one.known_links:.3f} ({one.vault})" for one in outcomes)
    return f"Share of the hidden links that the independent reading has: {shares}."


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or NAMES)))
