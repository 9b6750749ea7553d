"""Does a model tell relations? Measured with made-up notes, in each language, by the very request that it is trusted with.

Twelve answers a language, a third of them broader, narrower and direct: who guesses, or always says the same, is right
in one of three. Three in four must be right.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from agents.answering.mastery import PASS, MasteryBook, Probe
from agents.ports import ChatEngine
from agents.reasons.reason import LANGUAGES, Prompts, written
from agents.related.section import Relation
from agents.relations.relate import PROMPT, Side, judgements, request
from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class Case:
    """A note, and what each of three others is to it. Every thing in them is made up."""

    note: tuple[str, str]
    others: tuple[tuple[str, str, Relation], ...]


_ENGLISH = (
    Case(
        ("Vell lamp", "The Vell lamp is a kind of harbour light that burns fish oil."),
        (
            (
                "Harbour light",
                "Harbour lights show ships the way into a port. There are many kinds of them.",
                "broader",
            ),
            ("Orm lamp", "The Orm lamp is a harbour light that burns pine resin.", "direct"),
            ("Vell lamp wick", "The wick is the part of a Vell lamp that draws up the oil.", "narrower"),
        ),
    ),
    Case(
        ("Baskets of Hane", "The people of Hane weave baskets of several kinds from willow."),
        (
            (
                "Eel basket",
                "The eel basket is a basket of Hane with a narrow neck. It is used to catch eels.",
                "narrower",
            ),
            ("Crafts of Hane", "An overview of all that is made in Hane: baskets, cheese, boats and rope.", "broader"),
            ("Cheese of Hane", "The people of Hane make a hard cheese of goat's milk.", "direct"),
        ),
    ),
    Case(
        ("Third Lomma bridge", "The third Lomma bridge was one of four bridges over the Lomma. A flood took it."),
        (
            ("Second Lomma bridge", "The second Lomma bridge is one of four bridges over the Lomma.", "direct"),
            ("Pillars of the third Lomma bridge", "The pillars of the third Lomma bridge are of oak.", "narrower"),
            ("Lomma bridges", "Four bridges crossed the Lomma: one of stone and three of wood.", "broader"),
        ),
    ),
    Case(
        ("Brask ferries", "Brask has two ferries, a small one and a great one. They carry people and goats."),
        (
            ("Great Brask ferry", "The great Brask ferry is the larger of the ferries of Brask.", "narrower"),
            ("Brask railway", "The Brask railway carries people and wood along the coast.", "direct"),
            ("Transport in Brask", "All that moves in Brask: its ferries, its railway and its mules.", "broader"),
        ),
    ),
)
_RUSSIAN = (
    Case(
        ("Лампа Велла", "Лампа Велла — вид портового огня, в котором горит рыбий жир."),
        (
            ("Портовый огонь", "Портовые огни показывают кораблям вход в гавань. Их много видов.", "broader"),
            ("Лампа Орма", "Лампа Орма — портовый огонь, в котором горит смола.", "direct"),
            ("Фитиль лампы Велла", "Фитиль — часть лампы Велла, по которой поднимается жир.", "narrower"),
        ),
    ),
    Case(
        ("Корзины Хане", "Жители Хане плетут из ивы корзины нескольких видов."),
        (
            ("Корзина для угрей", "Корзина для угрей — корзина Хане с узким горлом, ею ловят угрей.", "narrower"),
            ("Ремёсла Хане", "Обзор всего, что делают в Хане: корзины, сыр, лодки и верёвки.", "broader"),
            ("Сыр из Хане", "Жители Хане делают твёрдый сыр из козьего молока.", "direct"),
        ),
    ),
    Case(
        ("Третий мост через Ломму", "Третий мост — один из четырёх мостов через Ломму. Его унесло наводнение."),
        (
            ("Второй мост через Ломму", "Второй мост — один из четырёх мостов через Ломму.", "direct"),
            ("Опоры третьего моста через Ломму", "Опоры третьего моста через Ломму сделаны из дуба.", "narrower"),
            ("Мосты через Ломму", "Через Ломму вели четыре моста: один каменный и три деревянных.", "broader"),
        ),
    ),
    Case(
        ("Паромы Браска", "В Браске два парома, малый и большой. Они возят людей и коз."),
        (
            ("Большой паром Браска", "Большой паром Браска — больший из паромов Браска.", "narrower"),
            ("Железная дорога Браска", "Железная дорога Браска возит людей и лес вдоль берега.", "direct"),
            ("Транспорт Браска", "Всё, что ездит в Браске: его паромы, железная дорога и мулы.", "broader"),
        ),
    ),
)
CASES = {"en": _ENGLISH, "ru": _RUSSIAN}


async def relates(engine: ChatEngine, prompts: Prompts, language: str) -> Probe:
    """Ask `engine` of all cases in `language`. Without cases in a language no model tells relations in it.

    Stops where the outcome is certain: what was not asked counts as wrong. Raises what the engine raises.
    """
    cases = CASES.get(language, ())
    total = sum(len(case.others) for case in cases)
    right = wrong = 0
    asked: list[dict[str, object]] = []
    for case in cases:
        answer = await written(
            engine, request(prompts, _side(case.note), [_side(o[:2]) for o in case.others], language)
        )
        marks = _marks(case, answer)
        asked.append({"note": case.note[0], "answer": answer, "right": marks})
        right, wrong = right + sum(marks), wrong + marks.count(False)
        if wrong > (1 - PASS) * total:
            break
    score = right / total if total else 0.0
    return Probe(score, score >= PASS, json.dumps(asked, ensure_ascii=False))


def _marks(case: Case, answer: str) -> list[bool]:
    said = judgements(answer, len(case.others))
    return [one is not None and one.relation == other[2] for one, other in zip(said, case.others, strict=True)]


def _side(note: Sequence[str]) -> Side:
    return Side(VaultPath(f"{note[0]}.md"), note[0], note[1])


class RelationProof:
    """Remembers outcomes in `state.db` by model, language and prompt; each is measured once."""

    def __init__(self, book: MasteryBook, prompts: Prompts) -> None:
        """Uses the book of all that was measured of models."""
        self._book = book
        self._prompts = prompts

    async def relates(self, engine: ChatEngine, language: str) -> bool:
        """Whether the model passed. An engine that fails now is asked again next time."""
        if language not in CASES:
            return False
        system = self._prompts.render(PROMPT, language=LANGUAGES.get(language, "English"))
        key = f"relation/{language}/{hashlib.sha256(system.encode()).hexdigest()[:12]}"
        return await self._book.measured(engine, key, lambda: relates(engine, self._prompts, language))
