"""Why a note is related: a quotation from it, or one sentence by the writer that both notes bear out."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from agents.errors import AgentError
from agents.ports import ChatEngine, ChatRequest, Message, Roles
from agents.reasons.evidence import Evidence, escaped
from agents.sentences import plain
from agents.stopwords import STOP_WORDS
from vault_sync.text import language_of, sentences, stem, words

_log = logging.getLogger(__name__)
_QUOTES: Mapping[str, tuple[str, str]] = {"ru": ("«", "»"), "en": ("“", "”")}
_CONNECTING_WORDS = """
both relate related relation link linked connect connected share shared concern about topic describe explain note
notes passage excerpt also used use uses using example part way one two
оба обе связан связана связаны связь тема описывает объясняет заметка заметки отрывок пример часть использует
используется
"""
_CONNECTING = frozenset(stem(word) for word in words(_CONNECTING_WORDS))
_SHOWN = re.compile(r"\b(?:passages?|excerpts?|отрыв(?:ок|к\w+))\b", re.IGNORECASE)
"""What the prompts call what a model is shown: who reads its sentence in a note has seen none."""
_ASK = {"en": "How are they related? One sentence:", "ru": "Как они связаны? Одно предложение:"}
_FENCE = re.compile(r"</?passage>", re.IGNORECASE)
LANGUAGES = {"en": "English", "ru": "Russian"}
_MAX_TOKENS = 40
_MAX_EXCERPT = 600
_SHORTEST = 5


class Mastery(Protocol):
    """Says by measurement whether a model masters a language."""

    async def masters(self, engine: ChatEngine, language: str) -> bool:
        """Whether what the engine writes in `language` can be relied on."""
        ...


class Prompts(Protocol):
    """The prompts of the folder `prompts/`, or of the user's vault."""

    def render(self, name: str, **values: str) -> str:
        """The prompt with its placeholders filled."""
        ...

    def phrase(self, language: str, key: str, **values: str) -> str:
        """What Famulus says itself."""
        ...


@dataclass(frozen=True, slots=True)
class Reason:
    """`text` is one line of Markdown; `generated` is false where it is a quotation."""

    text: str
    generated: bool


def quoted(evidence: Evidence, language: str, tie: str = "") -> Reason:
    """The evidence in the quotation marks of the language of the note that it will stand in, after the `tie`."""
    before, after = _QUOTES.get(language, _QUOTES["en"])
    quotation = f"{before}{escaped(evidence.shown)}{after}"
    return Reason(f"{tie} {quotation}" if tie else quotation, generated=False)


def supported(sentence: str, bearer: str, *others: str) -> bool:
    """Whether one sentence of `bearer` bears the sentence out, as far as words can show it.

    Every word that means something stands in that one sentence, by its stem and in its order; function words and a
    few words of connecting (“both”, “relates”) need no support, numbers and names do. Read with SmolLM2 on 40
    notes: of ten reasons that two sentences of either note bore out, eight said what the target does not say. With
    each of the `others` the sentence shares a word.
    """
    said = _content(sentence)
    if not said or any(mark in sentence for mark in "<>\\"):
        return False
    if _SHOWN.search(sentence) and not _SHOWN.search(bearer):
        return False
    if not all(set(said) & set(_content(other)) for other in others):
        return False
    told = [_content(bearer[span.start : span.end]) for span in sentences(bearer)]
    return any(_borne_in_order(said, one) == len(said) for one in told)


def _borne_in_order(said: list[str], told: list[str]) -> int:
    """How many of the first words of `said` stand in `told` in the same order."""
    left = iter(told)
    return sum(1 for _ in takewhile(lambda word: word in left, said))


def _content(text: str) -> list[str]:
    found = (stem(word) for word in words(text) if word not in STOP_WORDS)
    return [one for one in found if one not in _CONNECTING]


def fenced(text: str) -> str:
    """The text as data in a prompt: nothing in it can end its fence."""
    return f"<passage>\n{_FENCE.sub('', text)}\n</passage>"


def whole_sentences(text: str) -> list[str]:
    """The sentences of what an engine wrote, on one line each; cut-off and very short ones are left out."""
    line = " ".join(text.split())
    found = [line[span.start : span.end] for span in sentences(line)]
    return [s for s in found if re.search(r"[.!…][\"'”»)]*$", s) and len(words(s)) >= _SHORTEST]


class Reasoner:
    """Writes reasons by the role `writer`, and counts how many were quoted and how many generated."""

    def __init__(self, roles: Roles, mastery: Mastery, prompts: Prompts) -> None:
        """The engine is asked only where `mastery` trusts it with the language."""
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts
        self.counts = {"quoted": 0, "generated": 0}

    async def reason(self, excerpt: str, evidence: Evidence, context: str, language: str, tie: str = "") -> Reason:
        """Why the note with `evidence` is related to the one with `excerpt`, in `language`.

        `context` is the chunk that the evidence stands in. Quotes where the engine is weak, away or unfaithful; `tie`
        then stands before the quotation.
        """
        found = await self._generated(excerpt, context, language) if excerpt.strip() else ""
        return self.of(found, evidence, language, tie)

    def of(self, found: str, evidence: Evidence, language: str, tie: str = "") -> Reason:
        """What a model wrote and a check let through; where that is nothing, the quotation after its `tie`."""
        made = Reason(escaped(found), generated=True) if found else quoted(evidence, language, tie)
        self.counts["generated" if made.generated else "quoted"] += 1
        return made

    async def _generated(self, excerpt: str, context: str, language: str) -> str:
        try:
            engine = self._roles["writer"]
            if language_of(context) != language or not await self._mastery.masters(engine, language):
                return ""
            said = await written(engine, self._request(excerpt, context, language))
        except (AgentError, KeyError):
            _log.info("No engine gave a reason; the note is quoted.", exc_info=True)
            return ""
        first = next(iter(whole_sentences(said)), "")
        return first if supported(first, context[:_MAX_EXCERPT], excerpt[:_MAX_EXCERPT]) else ""

    def _request(self, excerpt: str, context: str, language: str) -> ChatRequest:
        system = self._prompts.render("link-reason", language=LANGUAGES.get(language, "English"))
        passages = [fenced(plain(text[:_MAX_EXCERPT])) for text in (excerpt, context)]
        user = "\n\n".join([*passages, _ASK.get(language, _ASK["en"])])
        messages = (Message("system", system), Message("user", user))
        return ChatRequest(messages, max_tokens=_MAX_TOKENS, temperature=0.0, think=False)


async def written(engine: ChatEngine, request: ChatRequest) -> str:
    """All that the engine writes."""
    return "".join([delta.text async for delta in engine.stream(request)])
