"""A second look at the first passages: a reranker reads each together with the question. Pure but for the reranker."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from vault_sync.errors import RerankerError
from vault_sync.index.records import Occurrence
from vault_sync.ports import Reranker
from vault_sync.search.fusion import Fused

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Puts the first `depth` hits of a search into the reranker's order."""

    reranker: Reranker
    depth: int = 30

    def look(
        self,
        query: str,
        fused: Sequence[Fused],
        known: Mapping[int, Occurrence],
        readable: Callable[[str], bool] = lambda path: True,
    ) -> list[Fused]:
        """The hits in their new order; as they were where the reranker fails.

        `known` are the occurrences of the hits. `readable` says of a path whether a model may read the note: a hit that
        none may read keeps its place.
        """
        first = [hit for hit in fused[: self.depth] if hit.occurrence in known]
        asked = [hit.occurrence for hit in first if readable(known[hit.occurrence].path)]
        if len(asked) < 2:
            return list(fused)
        try:
            scores = self.reranker.rerank(query, [_text(known[occurrence]) for occurrence in asked])
        except RerankerError as error:
            log.debug("The order stays as it was: %s", error)
            return list(fused)
        return reordered(fused, dict(zip(asked, scores, strict=True)))


def reordered(fused: Sequence[Fused], scores: Mapping[int, float]) -> list[Fused]:
    """Hits with a score change places among themselves, the best first; all others keep theirs.

    A score stays with its place, so that scores go on falling: what a reranker gives is no share of one.
    """
    places = [place for place, hit in enumerate(fused) if hit.occurrence in scores]
    order = sorted(places, key=lambda place: -scores[fused[place].occurrence])
    found = list(fused)
    for place, taken in zip(places, order, strict=True):
        found[place] = replace(fused[taken], score=fused[place].score)
    return found


def _text(occurrence: Occurrence) -> str:
    return f"{' › '.join((occurrence.title, *occurrence.heading))}\n{occurrence.text}"
