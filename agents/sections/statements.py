"""What is said in a section by the user's prompt: sentences of a model that passages bear out, or the passages' own."""

import asyncio
import hashlib
import logging
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agents.answering.assess import Assessor, Evidence, score, select, weights_for
from agents.answering.checked import Checker
from agents.answering.cite import Support, stated, unmarked
from agents.answering.retrieve import Found
from agents.errors import AgentError
from agents.ports import ChatEngine, ChatRequest, Message, Roles
from agents.quotation.alone import leans, reads_alone, reads_whole
from agents.reasons.evidence import escaped
from agents.reasons.reason import LANGUAGES, Mastery, Prompts, fenced
from agents.sections.relevance import about, answers, says_asked, stands_alone
from agents.sections.section_prompt import SectionPrompt
from agents.sentences import Sentence, plain, quotable
from vault_sync.paths import VaultPath
from vault_sync.search.search import Passage
from vault_sync.text import fold, language_of, sentences, words

log = logging.getLogger(__name__)

_MARK = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+", re.MULTILINE)
_LABEL = re.compile(r"^[^.:!?]{1,40}:[*_]*\s+(?=[*_]*[A-ZА-ЯЁ])")
_QUOTES = {"ru": ("«", "»"), "en": ("“", "”")}
_TOKENS_A_WORD = 3
_MOST_TOKENS = 600
_MOST_QUOTED = 4
_MOST_QUESTIONS = 5
_FEWEST_WORDS = 4
_MOST_SHOWN = 8000
_SURE = 0.4
"""Log-odds above what an answer needs: who asked waits for an answer, and nobody waits for a section."""
_ALONE = 1.0
"""Log-odds that make up for being the only quotation."""
_DROP = 3.0
"""Log-odds that a quotation may lie below the best one: a section may say more than one thing, an answer says one."""
_BREAK = re.compile(r"\n[ \t]*(?:[-*+>|#]|\d+[.)]|\r?\n)")
_UNSHOWN = re.compile(r"\|.*\||```|\$\$|!\[")
_WHOLE = re.compile(r"[.!?…][\"'”»)]*$")
_LONGEST_QUOTE = 300
_ALIKE = 0.8
"""The share of their words in common from which on two lines are one."""


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


@dataclass(frozen=True, slots=True)
class Subject:
    """The note that a section is for, and the language that it is written in."""

    path: VaultPath
    title: str
    aliases: tuple[str, ...]
    language: str


class Author:
    """Writes by the role `writer` where it masters the language, else quotes. Every statement has a source."""

    def __init__(
        self,
        roles: Roles,
        mastery: Mastery,
        prompts: Prompts,
        assessor: Assessor,
        common: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`common` gives the sentences that many notes share, as they are read aloud: they say nothing of a note."""
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts
        self._assessor = assessor
        self._common = common

    async def write(
        self, prompt: SectionPrompt, note: Subject, passages: Sequence[Passage], shown: Sequence[Passage]
    ) -> Said:
        """What `passages` say to the prompt, in the note's language, in at most the prompt's number of words.

        A model sees those in `shown` only, and is asked only where they may hold an answer.
        """
        wishes = _wishes(prompt)
        fit = [one for passage in shown for one in quotable(passage) if self._fit(one, wishes, note)]
        said = await self._generated(prompt, note.language, shown, fit) if fit else Said()
        if said.statements:
            return said
        found = await asyncio.to_thread(self._answers, wishes, note, passages)
        return self._quoted(prompt, note.language, passages, found)

    async def _generated(
        self, prompt: SectionPrompt, language: str, shown: Sequence[Passage], fit: Sequence[Sentence]
    ) -> Said:
        """What a model writes, as far as sentences bear it out of which one may answer the prompt."""
        try:
            engine = self._roles["writer"]
            shown = [one for one in shown if await self._mastery.masters(engine, language_of(one.text) or language)]
            if not shown or not await self._mastery.masters(engine, language):
                return Said()
            written = await self._asked(engine, prompt, language, list(shown))
        except (AgentError, KeyError):
            log.info("No engine wrote the section %r; it is quoted.", prompt.name, exc_info=True)
            return Said()
        checker = Checker(self._assessor, Found("", tuple(shown), ()), shown)
        told = [bare(line) for line in _MARK.sub("", written).split("\n") if line.strip()]
        kept: list[Statement] = []
        for text in told:
            support = await checker.support(text) if stated(text) and not checker.repeated(text) else None
            new = not alike(text, (one.text for one in kept))
            whole = _WHOLE.search(text) is not None and reads_alone(text) and not leans(text) and reads_whole(text)
            wanted = support is not None and any(one in fit for one in support.sentences)
            wanted = wanted and any(says_asked(wish, text) for wish in _wishes(prompt))
            if support is not None and wanted and language_of(text) == language and whole and new:
                kept.append(_statement(text, support))
        return Said(tuple(_within(kept, prompt.max_words)), len(kept) / len(told) if told else 0.0)

    async def _asked(self, engine: ChatEngine, prompt: SectionPrompt, language: str, shown: list[Passage]) -> str:
        system = self._prompts.render(
            "section",
            wish=prompt.prompt,
            language=LANGUAGES.get(language, "English"),
            words=str(prompt.max_words),
        )
        while len(shown) > 1 and sum(len(one.text) for one in shown) > _MOST_SHOWN:
            shown.pop()
        most = min(_MOST_TOKENS, _TOKENS_A_WORD * prompt.max_words, engine.context_tokens // 4)
        while True:
            user = "\n\n".join(f"{one.title}\n{fenced(plain_lines(one.text))}" for one in shown)
            messages = (Message("system", system), Message("user", user))
            if len(shown) == 1 or await engine.count_tokens(messages) <= engine.context_tokens - most:
                break
            shown.pop()
        request = ChatRequest(messages, max_tokens=most, temperature=0.0, priority="bulk", think=False)
        return "".join([delta.text async for delta in engine.stream(request)])

    def _quoted(
        self, prompt: SectionPrompt, language: str, passages: Sequence[Passage], found: Sequence[Evidence]
    ) -> Said:
        """The sentences that answer the prompt, in the order of the passages."""
        good = _distinct(select((one for one in found if _quotable(one.sentence, language)), 2 * _MOST_QUOTED, _DROP))
        before, after = _QUOTES.get(language, _QUOTES["en"])
        made = [
            Statement(f"{before}{escaped(one.sentence.plain)}{after}", one.sentence.passage, one.sentence.text, False)
            for one in good
        ]
        kept = _within(made, prompt.max_words)
        order = {id(passage): number for number, passage in enumerate(passages)}
        kept.sort(key=lambda one: (order.get(id(one.passage), 0), one.passage.text.find(one.quote)))
        best = max((item.score for item in good), default=0.0)
        if len(kept) < 2 and best < _ALONE:
            return Said()
        return Said(tuple(kept), 1 / (1 + math.exp(-best)))

    def _answers(self, wishes: Sequence[str], note: Subject, passages: Sequence[Passage]) -> list[Evidence]:
        """The sentences that answer one of the wishes, asked of this note, each with its best score.

        Each is asked for itself: what answers one of them need not answer the others.
        """
        best: dict[tuple[int, int], Evidence] = {}
        for wish in wishes:
            question = f"{wish} {note.title}"
            for one, found in self._assessor.measure(question, passages):
                item = Evidence(one, score(found, weights_for(question, one)) - _SURE)
                known = best.get((id(one.passage), one.start))
                better = item.score >= 0 and (known is None or known.score < item.score)
                if better and self._fit(one, (wish,), note):
                    best[id(one.passage), one.start] = item
        return list(best.values())

    def _fit(self, sentence: Sentence, wishes: Sequence[str], note: Subject) -> bool:
        """Whether it may be said in this note as an answer to one of the wishes, however near it is to them."""
        if sentence.plain in self._common():
            return False
        path, names = note.path, (note.title, *note.aliases)
        return any(
            answers(wish, sentence) and stands_alone(sentence, wish) and about(wish, sentence, path, names)
            for wish in wishes
        )


def _wishes(prompt: SectionPrompt) -> list[str]:
    """What the prompt asks, sentence by sentence."""
    text = prompt.prompt
    return [plain(text[span.start : span.end]) for span in sentences(text)][:_MOST_QUESTIONS]


def plain_lines(text: str) -> str:
    """The text line by line without Markdown's marks."""
    return "\n".join(filter(None, (plain(line) for line in text.split("\n"))))


def bare(line: str) -> str:
    """The line as a sentence: without the label that small models put in front of one."""
    return _LABEL.sub("", " ".join(unmarked(line).split()))


def _statement(text: str, support: Support) -> Statement:
    return Statement(escaped(plain(text)), support.sentences[0].passage, support.quote, generated=True)


def _quotable(sentence: Sentence, language: str) -> bool:
    """Whether it can stand alone, in another place: whole, not long, on one line, in the note's language."""
    text, shown = sentence.text.strip(), sentence.plain
    one_line = not _BREAK.search(text) and not _UNSHOWN.search(text) and len(shown) <= _LONGEST_QUOTE
    whole = _WHOLE.search(shown) is not None or (_listed(sentence) and len(words(shown)) >= _FEWEST_WORDS)
    alone = len(sentences(shown)) == 1 and not leans(shown) and reads_alone(shown)
    return one_line and whole and alone and language_of(shown) == language


def alike(text: str, kept: Iterable[str]) -> bool:
    """Whether a line says nearly what one of those before it says: small models say a thing twice."""
    said = set(words(text))
    return any(len(said & other) >= _ALIKE * len(said | other) for other in map(set, map(words, kept)))


def _listed(sentence: Sentence) -> bool:
    """Whether it is a whole item of a list: these often end without a stop."""
    text = sentence.passage.text
    line = text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]
    after = text[sentence.end : sentence.end + 1]
    return _MARK.fullmatch(line) is not None and after in ("", "\n", "\r") and sentence.plain[:1].isupper()


def _distinct(found: Iterable[Evidence]) -> list[Evidence]:
    """The first ones of which none says again what one before it says, in fewer or more words."""
    kept: list[Evidence] = []
    for item in found:
        said = set(words(item.sentence.plain))
        before = (set(words(other.sentence.plain)) for other in kept)
        if not any(len(said & other) >= _ALIKE * min(len(said), len(other)) for other in before):
            kept.append(item)
    return kept[:_MOST_QUOTED]


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
