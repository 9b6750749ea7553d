"""From a conversation to the passages and sentences that may answer its last question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.answering.assess import Assessor, Evidence
from agents.ports import Message
from agents.sentences import content_stems
from vault_sync.policy.policy import Use
from vault_sync.search.filter import Filter
from vault_sync.search.search import Passage
from vault_sync.text import sentences, words

PASSAGES = 12
LONG = 400
"""A request of more characters is a text with a question in it; the question is looked for."""
_BACK = re.compile(
    r"^\W*(?:and|but|also|what about|how about|а|и|но|ещё|еще|тогда)\b|"
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|his|her|him|one|same|more|"
    r"он|она|оно|они|его|её|ее|их|им|ней|нём|нем|нему|них|это|этот|эта|эти|этого|этой|этом|там|тот|подробнее)\b",
    re.IGNORECASE,
)


class Retriever(Protocol):
    """Whatever finds passages; a Searcher does."""

    def search(self, query: str, k: int = ..., *, filter: Filter = ..., use: Use = ...) -> list[Passage]:
        """The best `k` passages of notes that may be put to this use, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The question as it was looked for, what was retrieved for it, and what of that answers it, best first."""

    query: str
    passages: tuple[Passage, ...]
    evidence: tuple[Evidence, ...]


def query_of(messages: Sequence[Message]) -> str:
    """What to look for: the last question, and the one before it where the last refers back to it."""
    asked = [message.content for message in messages if message.role == "user"]
    if not asked:
        return ""
    last = _question(asked[-1])
    if len(asked) > 1 and refers_back(last):
        return f"{_question(asked[-2])} {last}"
    return last


def refers_back(question: str) -> bool:
    """Whether a question makes no sense alone: it names next to nothing, or is short and points at something."""
    named = len(content_stems(question))
    return named <= 1 or (len(words(question)) <= 9 and named <= 4 and bool(_BACK.search(question)))


def _question(request: str) -> str:
    """The sentences of a long request that ask; its last sentence where none does."""
    if len(request) <= LONG:
        return request.strip()
    said = [request[span.start : span.end] for span in sentences(request)]
    asking = [sentence for sentence in said if sentence.rstrip("»\"' ").endswith("?")] or said[-1:]
    return " ".join(asking)[-2 * LONG :]


def find(retriever: Retriever, assessor: Assessor, messages: Sequence[Message], filter: Filter) -> Found:
    """Retrieve and assess; blocking, for a thread."""
    query = query_of(messages)
    passages = tuple(retriever.search(query, PASSAGES, filter=filter, use="chat")) if content_stems(query) else ()
    return Found(query, passages, tuple(assessor.assess(query, passages)) if passages else ())
