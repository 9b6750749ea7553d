"""Related notes made ready to be shown: each with its relation, its reason, and a quotation that was found again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.reasons.anchor import Anchor, anchor
from agents.reasons.reason import Reason, Reasoner
from agents.reasons.ties import Ties
from agents.related.linked import Record
from agents.related.neighbours import Neighbour, Neighbourhood
from agents.related.section import Relation
from agents.relations.relate import Judgement, Relater, Side
from agents.relations.standing import says, spaced
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import PolicySource
from vault_sync.text import stems

Read = Callable[[VaultPath], bytes | None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A related note. `evidence` stands word for word in `evidence_path`, under `heading`, in `lines` (from 1).

    `anchor` is how a link says where it stands.
    """

    target: VaultPath
    relation: Relation
    score: float
    reason: str
    evidence: str
    evidence_path: VaultPath
    heading: tuple[str, ...]
    lines: tuple[int, int]
    generated: bool
    anchor: Anchor


class Proposer:
    """Makes proposals of neighbours. A model is asked only about notes that policy lets it see."""

    def __init__(
        self, reasoner: Reasoner, relater: Relater | None, ties: Ties, policy: PolicySource, read: Read | None
    ) -> None:
        """`read` gives a note's bytes as they are now; without it the index is believed."""
        self._reasoner = reasoner
        self._relater = relater
        self._ties = ties
        self._policy = policy
        self._read = read

    async def proposals(self, around: Neighbourhood, listed: Mapping[VaultPath, Record]) -> list[Proposal]:
        """One a neighbour, in their order; without those whose quotation does not stand in the note any more."""
        places = {found.record.path: self._place(found) for found in around.neighbours}
        there = [found for found in around.neighbours if places[found.record.path] is not None]
        judged = await self._judged(around, there)
        made = []
        for found in there:
            path = found.record.path
            reason = await self._reason(around, found, listed.get(path), judged.get(path))
            made.append(_proposal(found, reason, judged.get(path), places[path] or Anchor()))
        return made

    def _place(self, found: Neighbour) -> Anchor | None:
        evidence = found.evidence
        if self._read is None:
            return Anchor(evidence.heading[-1] if evidence.heading else "")
        data = self._read(evidence.path)
        return anchor(data.decode("utf-8-sig", "replace"), evidence.sentence, evidence.heading) if data else None

    async def _judged(self, around: Neighbourhood, found: list[Neighbour]) -> dict[VaultPath, Judgement]:
        if self._relater is None or not found or not self._may_prompt(around.note.path):
            return {}
        shown = [one for one in found if self._may_prompt(one.record.path)]
        others = [Side(one.record.path, one.record.title, one.context) for one in shown]
        note = Side(around.note.path, around.note.title, around.excerpt)
        return await self._relater.judge(note, others, around.note.language)

    async def _reason(
        self, around: Neighbourhood, found: Neighbour, known: Record | None, judged: Judgement | None
    ) -> Reason:
        if known and known.evidence == found.evidence.sentence:
            return Reason(known.written.item.reason, known.generated)
        tie = self._tie(around, found)
        if judged is not None:
            return self._reasoner.of(judged.reason, found.evidence, around.note.language, tie)
        # Without an excerpt no engine is asked, and the reason is a quotation.
        excerpt = around.excerpt if self._may_prompt(around.note.path, found.record.path) else ""
        return await self._reasoner.reason(excerpt, found.evidence, found.context, around.note.language, tie)

    def _tie(self, around: Neighbourhood, found: Neighbour) -> str:
        """What links say of the two; nothing where the quotation itself names the note."""
        names = [stems(name) for name in (around.note.title, *around.note.aliases)]
        if says(spaced(stems(found.evidence.shown)), [name for name in names if name]):
            return ""
        return self._ties.sentence(around.note.path, found.record.path, around.note.language)

    def _may_prompt(self, *paths: VaultPath) -> bool:
        return all(self._policy.current.allows(path, "prompt") for path in paths)


def _proposal(found: Neighbour, reason: Reason, judged: Judgement | None, place: Anchor) -> Proposal:
    evidence = found.evidence
    return Proposal(
        target=found.record.path,
        relation=judged.relation if judged and not found.decided else found.relation,
        score=round(found.score, 3),
        reason=reason.text,
        evidence=evidence.sentence,
        evidence_path=evidence.path,
        heading=evidence.heading,
        lines=(evidence.start_line, evidence.end_line),
        generated=reason.generated,
        anchor=place,
    )
