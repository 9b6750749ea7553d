"""Holds each sentence that an engine writes against the notes that it was shown."""

import asyncio
from collections.abc import Sequence

from agents.answering.assess import Assessor
from agents.answering.cite import Support, find_support
from agents.answering.retrieve import Found
from agents.sentences import Sentence, plain, quotable
from vault_sync.search.search import Passage
from vault_sync.text import fold

REACH = 2


class Checker:
    """Finds support among the sentences of the passages shown; sentences that answer the question come first."""

    def __init__(self, assessor: Assessor, found: Found, shown: Sequence[Passage]) -> None:
        self._assessor = assessor
        self._first = [item.sentence for item in found.evidence]
        self._sentences = [one for passage in shown for one in _near(quotable(passage), self._first)]
        self._said: set[str] = set()

    async def support(self, statement: str) -> Support | None:
        """What in the notes says the same, or nothing."""
        return await asyncio.to_thread(find_support, statement, self._sentences, self._similarity, self._first)

    def repeated(self, statement: str) -> bool:
        """Whether this was asked of the same sentence before: weak models go in circles."""
        words = fold(plain(statement))
        if words in self._said:
            return True
        self._said.add(words)
        return False

    def copied(self, statement: str) -> bool:
        """Whether this is a sentence of a note word for word: weak models copy what they read in place of an answer."""
        words = fold(plain(statement))
        return any(fold(one.plain) == words for one in self._sentences)

    def _similarity(self, one: str, other: str) -> float:
        return float(self._assessor.vector(one) @ self._assessor.vector(other))


def _near(sentences: Sequence[Sentence], evidence: Sequence[Sentence]) -> list[Sentence]:
    """The sentences at most `REACH` away from one that answers the question: what is farther off is another matter.

    Where none of the passage answers it (a request for code has no such evidence) all of them count.
    """
    if not evidence:
        return list(sentences)
    places = [number for number, one in enumerate(sentences) if one in evidence]
    return [one for number, one in enumerate(sentences) if any(abs(number - place) <= REACH for place in places)]
