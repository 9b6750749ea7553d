"""Broader, narrower or direct: how often is it right, on pairs whose relation the method is not allowed to see?

    python -m tests.bench.relations          # the table
    python -m tests.bench.relations --fit    # and weights for agents/relations/leaning.py, fitted to all pairs

What the pairs were derived from is taken out of the vaults first (tests/bench/relation_pairs.py). Weights for the pairs
of a vault are fitted to the other vaults.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.related.affinity import Background, background
from agents.related.section import RELATIONS, Relation
from agents.relations import leaning
from agents.relations.leaning import Leaning, Likeness
from agents.relations.relation import decided, relation, told
from agents.relations.standing import Standing, standing
from tests.bench.relation_pairs import VAULTS, Pair, hide, load_pairs
from tests.bench.retrieval import indexed
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath

Floats = NDArray[np.float64]
STRENGTH = 3.0
"""How strongly weights are held near zero; among 0.3, 1, 3 and 10 it makes no difference beyond chance."""
_ROUNDS, _STEP, _DRAWS = 3000, 0.3, 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of right answers, with a bootstrapped interval of 95 %, and the mean F1 of the three relations."""

    vault: str
    method: str
    pairs: int
    accuracy: float
    low: float
    high: float
    f1: float


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair, what is known of its two notes, and the beginnings of their texts."""

    pair: Pair
    note: Standing
    target: Standing
    texts: tuple[str, str] = ("", "")


def sides(name: str, *, folders: bool) -> list[Sides]:
    """The pairs of a vault as the method sees them. Nothing measured here needs an embedder."""
    pairs = [pair for pair in load_pairs() if pair.vault == name]
    with tempfile.TemporaryDirectory() as folder:
        moved = hide(name, pairs, Path(folder) / "vault", folders=folders)
        ledger, _ = indexed(Path(folder) / "vault", Path(folder) / "data", WordEmbedder())
        known = background(ledger)
        found = {
            path: _standing(ledger, moved[path], known)
            for path in {end for pair in pairs for end in (pair.source, pair.target)}
        }
        texts = {path: "\n\n".join(chunk.text for chunk in ledger.occurrences_of(moved[path])[:3]) for path in found}
        ledger.close()
    ends = [(pair, pair.source, pair.target) for pair in pairs]
    return [Sides(pair, found[one], found[other], (texts[one], texts[other])) for pair, one, other in ends]


def _standing(ledger: Ledger, path: VaultPath, known: Background) -> Standing:
    note = ledger.note(path)
    assert note is not None
    links = frozenset(link.target for link in ledger.links_from(path))
    citing = {link.source for link in ledger.links_to(path)}
    chunks = ledger.occurrences_of(path)
    return standing(note, chunks, links, len(citing), known.frequency, known.chunks, known.families)


def fit(known: Sequence[Sides], strength: float = STRENGTH) -> tuple[Leaning, Likeness]:
    """Weights by which the relations of these pairs are likeliest: softmax over (lean, -lean, likeness)."""
    lean = np.array([astuple(leaning.lean(one.note, one.target)) for one in known])
    like = np.array([astuple(leaning.likeness(one.note, one.target)) for one in known])
    truth = np.eye(3)[[RELATIONS.index(one.pair.relation) for one in known]]
    spread, width = lean.std(0) + 1e-9, np.where(like.std(0) > 1e-9, like.std(0), 1.0)
    x, z = lean / spread, like / width
    a, b = np.zeros(x.shape[1]), np.zeros(z.shape[1])
    for _ in range(_ROUNDS):
        wrong = _shares(x @ a, z @ b) - truth
        a -= _STEP * (x.T @ (wrong[:, 0] - wrong[:, 1]) + strength * a) / len(known)
        held = strength * b * (like.std(0) > 1e-9)
        b -= _STEP * (z.T @ wrong[:, 2] + held) / len(known)
    return Leaning(*(float(v) for v in a / spread)), Likeness(*(float(v) for v in b / width))


def _shares(lean: Floats, level: Floats) -> Floats:
    logits = np.stack([lean, -lean, level], axis=1)
    shares: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def by(weights: tuple[Leaning, Likeness]) -> Callable[[Sides], Relation]:
    """Judge by other weights than those in the code."""

    def judge(one: Sides) -> Relation:
        lean = leaning.dot(leaning.lean(one.note, one.target), weights[0])
        level = leaning.dot(leaning.likeness(one.note, one.target), weights[1])
        return told(lean, level)

    return judge


def outcome(vault: str, method: str, known: Sequence[Sides], said: Sequence[Relation]) -> Outcome:
    truth = np.array([RELATIONS.index(one.pair.relation) for one in known])
    found = np.array([RELATIONS.index(one) for one in said])
    right = (truth == found).astype(float)
    draws = np.random.default_rng(7).integers(0, len(right), (_DRAWS, len(right)))
    low, high = np.quantile(right[draws].mean(axis=1), (0.025, 0.975))
    scores = [
        2 * np.sum((truth == c) & (found == c)) / max(1, np.sum(truth == c) + np.sum(found == c)) for c in (0, 1, 2)
    ]
    return Outcome(vault, method, len(known), float(right.mean()), float(low), float(high), float(np.mean(scores)))


def judged(by_vault: dict[str, list[Sides]]) -> dict[str, dict[str, list[Relation]]]:
    """What each method says of the pairs, by method and vault."""
    said: dict[str, dict[str, list[Relation]]] = {}
    for vault, known in by_vault.items():
        others = [one for name, rest in by_vault.items() if name != vault for one in rest]
        unseen = by(fit(others))
        methods: dict[str, Callable[[Sides], Relation]] = {
            "always direct": lambda one: "direct",
            "structure's rules": lambda one: decided(one.note, one.target) or "direct",
            "weighed, weights of the other vaults": unseen,
            "rules, then weighed so": lambda one, judge=unseen: decided(one.note, one.target) or judge(one),  # type: ignore[misc]
            "as shipped (weights of all three)": lambda one: relation(one.note, one.target),
        }
        for method, judge in methods.items():
            said.setdefault(method, {})[vault] = [judge(one) for one in known]
    return said


def outcomes(by_vault: dict[str, list[Sides]], suffix: str = "") -> list[Outcome]:
    found = []
    for method, answers in judged(by_vault).items():
        every = [one for vault in by_vault for one in by_vault[vault]]
        found.append(outcome("all", method + suffix, every, [r for vault in by_vault for r in answers[vault]]))
        found += [outcome(vault, method + suffix, by_vault[vault], answers[vault]) for vault in by_vault]
    return found


def compare() -> list[Outcome]:
    """Without lists and folders; and, for the pairs that lists told, without the lists only."""
    hidden = outcomes({name: sides(name, folders=False) for name in VAULTS})
    seen = {name: [one for one in sides(name, folders=True) if "folder" not in one.pair.how] for name in VAULTS}
    return hidden + [one for one in outcomes(seen, ", folders seen") if one.vault == "all"]


def table(found: Sequence[Outcome]) -> str:
    lines = ["| vault | method | pairs | right | mean F1 |", "|---|---|---|---|---|"]
    for one in found:
        right = f"{one.accuracy:.3f} ({one.low:.3f}–{one.high:.3f})"
        lines.append(f"| {one.vault} | {one.method} | {one.pairs} | {right} | {one.f1:.3f} |")
    return "\n".join(lines)


def main() -> None:
    if "--fit" in sys.argv:
        weights = fit([one for name in VAULTS for one in sides(name, folders=False)])
        for part in weights:
            values = ", ".join(f"{field.name}={getattr(part, field.name):.2f}" for field in fields(part))
            print(f"{type(part).__name__}({values})")
    print(table(compare()))


if __name__ == "__main__":
    main()
