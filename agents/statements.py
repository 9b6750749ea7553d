"""What is said in a section by the user's prompt: sentences of a model that passages bear out, or the passages' own."""

import hashlib
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.assess import Assessor, Evidence, score, select, weights_for
from agents.checked import Checker
from agents.cite import Support, stated, unmarked
from agents.errors import AgentError
from agents.evidence import escaped
from agents.ports import ChatEngine, ChatRequest, Message, Roles
from agents.reason import LANGUAGES, Mastery, Prompts, fenced
from agents.retrieve import Found
from agents.section_prompt import SectionPrompt
from agents.sentences import plain
from vault_sync.search import Passage
from vault_sync.text import fold, language_of, sentences, words

log = logging.getLogger(__name__)

_MARK = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+", re.MULTILINE)
_QUOTES = {"ru": ("«", "»"), "en": ("“", "”")}
_TOKENS_A_WORD = 3
_MOST_TOKENS = 600
_MOST_QUOTED = 4
_DROP = 3.0
"""Log-odds that a quotation may lie below the best one: a section may say more than one thing, an answer says one."""
_UNSHOWN = re.compile(r"\|.*\||```|\$\$|!\[")
_WHOLE = re.compile(r"[.!?…][\"'”»)]*$")
_LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of Markdown and the passage and sentence that bear it out."""

    text: str
    passage: Passage
    quote: str
    generated: bool

    @property
    def key(self) -> str:
        """The same for the same sentence of the same note."""
        return hashlib.sha256(f"{self.passage.path}\0{fold(plain(self.quote))}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Said:
    """The statements, and how sure it is (0..1) that they are wanted."""

    statements: tuple[Statement, ...] = ()
    score: float = 0.0


class Author:
    """Writes by the role `writer` where it masters the language, else quotes. Every statement has a source."""

    def __init__(self, roles: Roles, mastery: Mastery, prompts: Prompts, assessor: Assessor) -> None:
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts
        self._assessor = assessor

    async def write(
        self, prompt: SectionPrompt, title: str, language: str, passages: Sequence[Passage], shown: Sequence[Passage]
    ) -> Said:
        """What `passages` say to the prompt, in `language`, in at most the prompt's number of words.

        A model sees those in `shown` only.
        """
        said = await self._generated(prompt, language, shown) if shown else Said()
        return said if said.statements else self._quoted(prompt, title, language, passages)

    async def _generated(self, prompt: SectionPrompt, language: str, shown: Sequence[Passage]) -> Said:
        try:
            engine = self._roles["writer"]
            if not await self._mastery.masters(engine, language):
                return Said()
            written = await self._asked(engine, prompt, language, list(shown))
        except (AgentError, KeyError):
            log.info("No engine wrote the section %r; it is quoted.", prompt.name, exc_info=True)
            return Said()
        checker = Checker(self._assessor, Found("", tuple(shown), ()), shown)
        told = [_bare(line) for line in _MARK.sub("", written).split("\n") if line.strip()]
        kept: list[Statement] = []
        for text in told:
            support = await checker.support(text) if stated(text) and not checker.repeated(text) else None
            if support is not None and language_of(text) == language and _WHOLE.search(text):
                kept.append(_statement(text, support))
        return Said(tuple(_within(kept, prompt.max_words)), len(kept) / len(told) if told else 0.0)

    async def _asked(self, engine: ChatEngine, prompt: SectionPrompt, language: str, shown: list[Passage]) -> str:
        system = self._prompts.render(
            "section",
            wish=prompt.prompt,
            language=LANGUAGES.get(language, "English"),
            words=str(prompt.max_words),
        )
        most = min(_MOST_TOKENS, _TOKENS_A_WORD * prompt.max_words, engine.context_tokens // 4)
        while True:
            user = "\n\n".join(f"{one.title}\n{fenced(plain_lines(one.text))}" for one in shown)
            messages = (Message("system", system), Message("user", user))
            if len(shown) == 1 or await engine.count_tokens(messages) <= engine.context_tokens - most:
                break
            shown.pop()
        request = ChatRequest(messages, max_tokens=most, temperature=0.0, priority="bulk")
        return "".join([delta.text async for delta in engine.stream(request)])

    def _quoted(self, prompt: SectionPrompt, title: str, language: str, passages: Sequence[Passage]) -> Said:
        """The sentences that answer the prompt, asked of this note, in the order of the passages."""
        question = f"{prompt.prompt} {title}"
        measured = self._assessor.measure(question, passages)
        scored = [Evidence(one, score(found, weights_for(question, one))) for one, found in measured]
        found = select(scored, 2 * _MOST_QUOTED, _DROP)
        good = [item for item in found if _quotable(item.sentence.text, item.sentence.plain, language)][:_MOST_QUOTED]
        before, after = _QUOTES.get(language, _QUOTES["en"])
        made = [
            Statement(f"{before}{escaped(one.sentence.plain)}{after}", one.sentence.passage, one.sentence.text, False)
            for one in good
        ]
        kept = _within(made, prompt.max_words)
        order = {id(passage): number for number, passage in enumerate(passages)}
        kept.sort(key=lambda one: (order.get(id(one.passage), 0), one.passage.text.find(one.quote)))
        chance = 1 / (1 + math.exp(-max((item.score for item in good), default=0.0)))
        return Said(tuple(kept), chance if kept else 0.0)


def plain_lines(text: str) -> str:
    """The text line by line without Markdown's marks."""
    return "\n".join(filter(None, (plain(line) for line in text.split("\n"))))


def _bare(line: str) -> str:
    return " ".join(unmarked(line).split())


def _statement(text: str, support: Support) -> Statement:
    return Statement(escaped(plain(text)), support.sentences[0].passage, support.quote, generated=True)


def _quotable(text: str, shown: str, language: str) -> bool:
    """Whether a sentence can stand alone, in another place: whole, not long, on one line, in the note's language."""
    one_line = "\n" not in text.strip() and not _UNSHOWN.search(text)
    whole = _WHOLE.search(shown) is not None and len(sentences(shown)) == 1
    return one_line and whole and len(shown) <= _LONGEST_QUOTE and language_of(shown) == language


def _within(made: Sequence[Statement], most: int) -> list[Statement]:
    """The first ones that have at most so many words together; the very first always."""
    kept: list[Statement] = []
    count = 0
    for one in made:
        count += len(words(one.text))
        if kept and count > most:
            break
        kept.append(one)
    return kept
