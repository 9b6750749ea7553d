"""An answer made of quotations; pure, but for the phrases around them."""

from collections.abc import Sequence

from agents.answering.assess import Evidence
from agents.answering.cite import Marks, Support
from agents.answering.events import Citation
from agents.prompts import Prompts
from agents.sentences import plain

CHARACTERS_A_TOKEN = 4


def quotations(
    evidence: Sequence[Evidence], prompts: Prompts, language: str, max_tokens: int
) -> tuple[list[str], Marks, bool]:
    """One block quote for each sentence with its mark and place; the citations; whether some had to be left out.

    At least one is given whatever the limit, cut short if need be: its citation has the whole quote.
    """
    room = max_tokens * CHARACTERS_A_TOKEN
    pieces: list[str] = []
    marks = Marks()
    for item in evidence:
        piece, trial = _quotation(item, marks, prompts, language)
        if len(piece) > room:
            return (pieces, marks, True) if pieces else ([piece[: max(room, 1)]], trial, True)
        pieces, marks, room = [*pieces, piece], trial, room - len(piece)
    return pieces, marks, False


def _quotation(item: Evidence, marks: Marks, prompts: Prompts, language: str) -> tuple[str, Marks]:
    marks = Marks(list(marks.citations))
    mark = marks.mark(Support((item.sentence,)))
    citation = next(one for one in marks.citations if one.mark == mark)
    words = " ".join(citation.quote.split())
    where = place(citation, item.sentence.passage.title, prompts, language)
    return f"\n\n> {words} {mark}\n> — {where}", marks


def place(citation: Citation, title: str, prompts: Prompts, language: str) -> str:
    """Where a quotation stands, for a reader: note, headings, lines."""
    one = citation.start_line == citation.end_line
    lines = prompts.phrase(
        language, "line" if one else "lines", start=str(citation.start_line), end=str(citation.end_line)
    )
    return prompts.phrase(
        language,
        "source",
        note=" › ".join((title, *(plain(part).rstrip(": ") for part in citation.heading))),
        lines=lines,
    )
