"""Made-up passages, and a retriever that brings them for every question."""

from dataclasses import dataclass, field

from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Use
from vault_sync.search.filter import Filter
from vault_sync.search.search import Passage


def passage(
    text: str, title: str = "Tea", heading: tuple[str, ...] = (), line: int = 1, occurrence: int = 1
) -> Passage:
    return Passage(
        occurrence=occurrence,
        path=VaultPath(f"{title}.md"),
        title=title,
        heading=heading,
        start_line=line,
        end_line=line + text.count("\n"),
        span=Span(0, len(text)),
        text=text,
        score=1.0,
        lexical_rank=1,
        dense_rank=1,
        snippet=text[:40],
    )


@dataclass(slots=True)
class Shelf:
    """Brings all its passages, whatever is asked."""

    passages: list[Passage] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def search(self, query: str, k: int = 10, *, filter: Filter = Filter(), use: Use = "search") -> list[Passage]:  # noqa: B008
        self.asked.append(query)
        self.uses.append(use)
        return self.passages[:k]
