"""Configurations against each other on the same questions, and what that means for the owner. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vault_sync.evaluation.evaluate import NOW, Asked
from vault_sync.evaluation.metrics import LEVEL, Estimate, Sample, combined, reciprocal
from vault_sync.search.fusion import Weights

LEAST_GAIN = 0.005
"""A mean reciprocal rank that rises by less is not worth a change, however sure it is."""

WEIGHTS: Mapping[str, Weights] = {
    "words only": Weights(1.0, 1.0),
    "meaning only": Weights(0.0, 0.0),
    **{f"lexical_weight = {share}": Weights(lexical=share) for share in (0.2, 0.3, 0.4, 0.5, 0.6)},
    **{f"name_weight = {share}": Weights(name=share) for share in (0.5, 0.9)},
    "as delivered": Weights(),
}
"""What is tried of `[search]`. The names are what stands in famulus.toml, but for the two lanes alone."""

SHARES: Mapping[str, float] = {f"related_weight = {share}": share for share in (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)}
"""The same for the neighbours of notes."""

_SETTINGS = {
    "words only": "lexical_weight = 1 and name_weight = 1",
    "meaning only": "lexical_weight = 0 and name_weight = 0",
    "as delivered": "neither lexical_weight nor name_weight",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A configuration beside the one that is set: the mean reciprocal ranks of both, each kind of question counting the
    same, and the difference on the same questions, with an interval that allows for how many were compared."""

    configuration: str
    mrr: Estimate
    gain: Estimate

    @property
    def better(self) -> bool:
        """Whether it is better beyond chance, and by enough to matter."""
        return self.gain.low > 0 and self.gain.mean >= LEAST_GAIN


def compare(
    asked: Sequence[Asked], configurations: Iterable[str], base: str = NOW, seed: int = 0, tried: int = 0
) -> list[Comparison]:
    """Each configuration against `base`, best first. `tried` is how many are compared in all, if more than these."""
    names = list(configurations)
    level = 1 - (1 - LEVEL) / max(tried, len(names), 1)
    found = []
    for name in names:
        mrr = combined(_by_kind(asked, name), seed=seed)
        gains = {kind: _gains(of_kind, name, base) for kind, of_kind in _kinds(asked).items()}
        found.append(Comparison(name, mrr, combined(gains, seed=seed, level=level)))
    return sorted(found, key=lambda each: -each.gain.mean)


def _kinds(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """By kind; a section is not counted beside its heading."""
    kinds = dict.fromkeys(each.kind for each in asked if each.kind != "section")
    return {kind: [each for each in asked if each.kind == kind] for kind in kinds}


def _by_kind(asked: Sequence[Asked], name: str) -> dict[str, Sample]:
    kinds = _kinds(asked)
    return {kind: [(each.cluster, reciprocal(each.ranks[name])) for each in kinds[kind]] for kind in kinds}


def _gains(asked: Iterable[Asked], name: str, base: str) -> Sample:
    return [(each.cluster, reciprocal(each.ranks[name]) - reciprocal(each.ranks[base])) for each in asked]


def reranker_advice(found: Sequence[Comparison]) -> str:
    """Whether the reranker is worth its time, by what would come without it."""
    gain = found[0].gain
    told = f"({gain.mean:+.3f}, {gain.low:+.3f} to {gain.high:+.3f})"
    if found[0].better:
        return f"Search is better without the reranker {told}: take `reranker` out of [roles] in famulus.toml."
    if gain.beyond_chance:
        return f"Without the reranker search would be worse {told}."
    return f"The reranker makes no difference beyond chance {told}; without it search is faster."


def advice(found: Sequence[Comparison]) -> str:
    """What to change in [search], in a sentence or two."""
    best = max(found, key=lambda each: each.gain.mean, default=None)
    if best is None or not best.better:
        return "No other weight is better than the present setting beyond chance: leave it as it is."
    setting = _SETTINGS.get(best.configuration, best.configuration)
    return (
        f"Below [search] in famulus.toml, write {setting}: the mean reciprocal rank rises by {best.gain.mean:.3f} "
        f"({best.gain.low:.3f} to {best.gain.high:.3f}) to {best.mrr.mean:.3f}."
    )
