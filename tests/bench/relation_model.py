"""What a model says of the pairs with known relations, by the product's own prompt, schema and checks.

python -m tests.bench.relation_model                # the starter model, on a sample of the pairs
python -m tests.bench.relation_model URL MODEL      # a model at an OpenAI-compatible server, on all of them
"""

import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from agents.ports import ChatEngine
from agents.prompts import Prompts
from agents.reasons.reason import written
from agents.related.section import Relation
from agents.relations.relate import Judgement, Side, checked, judgements, request
from agents.relations.relation import relation
from agents.relations.relation_probe import relates
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.spec import EngineSpec
from tests.bench.relation_pairs import VAULTS
from tests.bench.relations import Outcome, Sides, outcome, sides
from tests.bench.relations import table as rows
from vault_sync.text import language_of

STARTER = EngineSpec("starter", "llama_cpp", "starter:smollm2", context=2048)
SAMPLE = 12
"""Pairs a vault: each is a request of its own here, and slow on a processor."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one model said: its score in the test of each language, how it did on the pairs beside structure and text on
    the same ones, of how many it said anything, how often each relation, and how many reasons passed the checks.
    """

    model: str
    english: float
    russian: float
    outcomes: list[Outcome]
    answered: int
    said: dict[str, int]
    reasons: int


async def tell(engine: ChatEngine, known: Sequence[Sides]) -> Told:
    """Ask of each pair alone."""
    prompts = Prompts()
    probes = [(await relates(engine, prompts, language)).score for language in ("en", "ru")]
    answers = [await _asked(engine, prompts, one) for one in known]
    found: list[Relation] = [answer.relation if answer else "direct" for answer in answers]
    both = [
        outcome("all", f"{engine.model}, silence is direct", known, found),
        outcome(
            "all", "structure, titles and texts, the same pairs", known, [relation(s.note, s.target) for s in known]
        ),
    ]
    counts = {name: sum(1 for a in answers if a and a.relation == name) for name in ("broader", "narrower", "direct")}
    reasons = sum(1 for answer in answers if answer and answer.reason)
    return Told(engine.model, probes[0], probes[1], both, sum(a is not None for a in answers), counts, reasons)


async def _asked(engine: ChatEngine, prompts: Prompts, one: Sides) -> Judgement | None:
    note = Side(one.note.path, one.note.title, one.texts[0])
    other = Side(one.target.path, one.target.title, one.texts[1])
    language = language_of(note.text)
    (said,) = judgements(await written(engine, request(prompts, note, [other], language)), 1)
    return said and Judgement(said.relation, checked(said.reason, note, other, language))


def compare(spec: EngineSpec = STARTER, sample: int | None = SAMPLE) -> list[Told]:
    known = [one for name in VAULTS for one in _drawn(sides(name, folders=False), sample)]
    engine = build_chat_engine(spec)
    try:
        return [asyncio.run(tell(engine, known))]
    finally:
        if close := getattr(engine, "close", None):
            close()


def _drawn(known: list[Sides], sample: int | None) -> list[Sides]:
    return known if sample is None else random.Random(5).sample(known, min(sample, len(known)))


def table(found: Sequence[Told]) -> str:
    parts = []
    for one in found:
        said = ", ".join(f"{name} {count}" for name, count in one.said.items())
        parts.append(
            f"{one.model}: {one.english:.2f} of the test in English and {one.russian:.2f} in Russian are right (0.75 passes, "
            f"guessing gives 0.33). Of {one.outcomes[0].pairs} pairs it answered {one.answered}: {said}. Reasons that "
            f"passed the checks: {one.reasons}."
        )
        parts.append(rows(one.outcomes))
    return "\n\n".join(parts)


def main() -> None:
    if len(sys.argv) == 3:
        print(table(compare(EngineSpec("asked", "openai", sys.argv[2], url=sys.argv[1]), None)))
    else:
        print(table(compare()))


if __name__ == "__main__":
    main()
