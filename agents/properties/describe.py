"""One sentence that says what a note is about: its own, or one by the writer that the note bears out word for word."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.errors import AgentError
from agents.ports import ChatRequest, Message, Roles
from agents.quotation.alone import leans
from agents.reasons.evidence import DEFINES, OPENS, Evidence, best_evidence, first_defining
from agents.reasons.reason import LANGUAGES, Mastery, Prompts, fenced, supported, whole_sentences
from agents.sentences import plain
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.text import language_of

log = logging.getLogger(__name__)

_WHOLE = re.compile(r"[.!?…][\"'”»)]*$")
_LEANS = re.compile(
    r"\b(?:below|above|following|here|we|our|you|your|i|my|let['’]s|this (?:article|page|note|guide|document))\b"
    r"|\b(?:ниже|выше|здесь|следующ\w+|мы|наш\w*|вы|ваш\w*|давайте|рассмотрим|эт\w+ (?:стать|замет|страниц|документ)\w+)\b",
    re.IGNORECASE,
)
"""Who reads a description alone does not see what such words lean on."""
_LONGEST = 200
_MAX_EXCERPT = 1500
_MAX_TOKENS = 60
_FIRST_CHUNKS = 3
SURE, FAIR = 0.9, 0.75
"""The scores of a definition and of a sentence that only opens a note."""


@dataclass(frozen=True, slots=True)
class Description:
    """One line in the note's language; `evidence` is the sentence of the note that it is or rests on."""

    text: str
    score: float
    evidence: str
    generated: bool = False


def quoted(record: NoteRecord, chunks: Sequence[Occurrence], boilerplate: frozenset[str]) -> Description | None:
    """The note's own sentence that defines it, or that opens it and tells something; None where none is good.

    Of the definitions the first one counts.
    """
    names = (record.title, *record.aliases)
    first = first_defining(chunks[:_FIRST_CHUNKS], names, boilerplate)
    if first is not None and _fits(first, record.language):
        return Description(first.shown, SURE, first.sentence)
    for least, score, where in ((DEFINES, SURE, chunks[:_FIRST_CHUNKS]), (OPENS, FAIR, chunks[:1])):
        found = best_evidence(where, {}, names, boilerplate=boilerplate, least=least)
        if found is not None and _fits(found, record.language):
            return Description(found.shown, score, found.sentence)
    return None


def _fits(found: Evidence, language: str) -> bool:
    whole = _WHOLE.search(found.shown) is not None and len(found.shown) <= _LONGEST
    return (
        whole and _LEANS.search(found.shown) is None and not leans(found.shown) and language_of(found.shown) == language
    )


class Describer:
    """Describes notes; asks the role `writer` only where the note has no definition and the engine masters its tongue."""

    def __init__(self, roles: Roles, mastery: Mastery, prompts: Prompts) -> None:
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts

    async def describe(
        self, record: NoteRecord, chunks: Sequence[Occurrence], boilerplate: frozenset[str], *, ask: bool
    ) -> Description | None:
        """What the note is about, None where nothing good can be said. No engine sees the note unless `ask`."""
        found = quoted(record, chunks, boilerplate)
        if (found is not None and found.score >= SURE) or not ask or not chunks:
            return found
        text = plain("\n".join(chunk.text for chunk in chunks[:_FIRST_CHUNKS]))[:_MAX_EXCERPT]
        return await self._written(record, text) or found

    async def _written(self, record: NoteRecord, text: str) -> Description | None:
        try:
            engine = self._roles["writer"]
            if language_of(text) != record.language or not await self._mastery.masters(engine, record.language):
                return None
            language = LANGUAGES.get(record.language, "English")
            system = self._prompts.render("describe", language=language)
            turns = (Message("system", system), Message("user", f"{record.title}\n{fenced(text)}"))
            request = ChatRequest(turns, max_tokens=_MAX_TOKENS, temperature=0.0, priority="bulk", think=False)
            written = "".join([delta.text async for delta in engine.stream(request)])
        except (AgentError, KeyError):
            log.info("No engine described %r.", record.path, exc_info=True)
            return None
        said = next(iter(whole_sentences(written)), "")
        if not said or len(said) > _LONGEST or not supported(said, text):
            return None
        return Description(said, FAIR, said, generated=True)
