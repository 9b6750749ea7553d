"""Sentences with the links that a careful writer would have made, from `tests/cases/mentions_*.json`.

In a text `⟦квантованию→Квантование⟧` is a mention that should become a link, `⟦?Docker→Docker⟧` one that may or may
not; whatever is not marked should stay as it is. A target is a note's name, a path where the name is not enough, or
`Name#Heading`. The `dev` part and the `homonyms`, of words that mean two things, may be looked at while the code is
written. The `held` part, on the same notes as `dev`, was only for measuring; so were the `fresh` ones, on other notes,
which were written when the code was: the first before and the second (`fresh2`) after its second round. By now their
faults were looked at, and those of the Russian half of the third (`fresh3`), of homes, kitchens, law and sport.
The fourth (`fresh4`), of stars, sails, stages, bees and slopes, was written without reading the code or running it;
its faults were looked at since. The fifth (`fresh5`), of clay, weather, type, rope, wheels and horses, was written before
the code was changed for those faults, and the code ran on it once after that; its faults were looked at since. The sixth
(`fresh6`), of watches, fencing, wool, cars, film, tea and cheese, was written before the code was changed for those, and the
code ran on it once after that.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath, title_of

CASES = Path(__file__).resolve().parent / "cases"
LANGUAGES = ("ru", "en")
PARTS = ("dev", "homonyms", "held", "fresh", "fresh2", "fresh3", "fresh4", "fresh5", "fresh6")
TUNED = ("dev", "homonyms")
"""The parts that may be looked at while the code is written; the others are only for measuring."""
_MARK = re.compile(r"⟦(?P<may>\??)(?P<words>[^⟦⟧→]+)→(?P<target>[^⟦⟧→]+)⟧")
_POSSESSIVE = re.compile(r"['’]s?\Z")


@dataclass(frozen=True, slots=True)
class Named:
    """A note of the cases' vault: by what it may be mentioned, and a sentence of it where one matters."""

    path: VaultPath
    aliases: tuple[str, ...]
    headings: tuple[str, ...]
    text: str

    @property
    def markdown(self) -> str:
        """The note as its owner would have written it."""
        front = f"---\naliases: {json.dumps(self.aliases, ensure_ascii=False)}\n---\n" if self.aliases else ""
        sections = "".join(f"\n## {heading}\n" for heading in self.headings)
        return f"{front}{self.text}\n{sections}"


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked mention: its words, where they stand (code points of `Case.text`) and the note they name."""

    span: Span
    words: str
    target: VaultPath
    heading: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A text without its marks, the note that it stands in, and its mentions in order."""

    id: str
    category: str
    source: VaultPath
    text: str
    mentions: tuple[Marked, ...]

    @property
    def path(self) -> VaultPath:
        """A path of its own, for a vault that holds all the texts; `source` where that is one of the notes."""
        return VaultPath(f"Drafts/{self.id}.md") if self.source == "Draft.md" else self.source


@dataclass(frozen=True, slots=True)
class Found:
    """What was proposed, whatever made it."""

    span: Span
    target: VaultPath
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the proposals for a case compare with its marks. Optional mentions count neither way."""

    case: Case
    right: tuple[Found, ...]
    wrong: tuple[Found, ...]
    missed: tuple[Marked, ...]

    def __str__(self) -> str:
        wrong = [f"+{self.case.text[f.span.start : f.span.end]}→{f.target}#{f.heading}".rstrip("#") for f in self.wrong]
        missed = [f"-{m.words}→{m.target}#{m.heading}".rstrip("#") for m in self.missed]
        return f"{self.case.id}: {self.case.text!r}: {'; '.join([*wrong, *missed])}"


@cache
def vault(language: str, part: str = "dev") -> Mapping[VaultPath, Named]:
    """The notes that the cases of a language and part may name."""
    rows = _read("mentions_vaults.json")[language if part in ("dev", "held") else f"{language}-{part}"]
    notes = [
        Named(VaultPath(r["path"]), tuple(r.get("aliases", ())), tuple(r.get("headings", ())), r.get("text", ""))
        for r in rows
    ]
    return {note.path: note for note in notes}


@cache
def cases(language: str, part: str) -> tuple[Case, ...]:
    """The cases of a language and part."""
    content, notes = _read(f"mentions_{language}_{part}.json"), vault(language, part)
    found: list[Case] = []
    for row in content["cases"]:
        number = sum(case.category == row["category"] for case in found) + 1
        text, mentions = _unmarked(row["text"], notes)
        source = VaultPath(row.get("source", "Draft.md"))
        found.append(Case(f"{language}-{part}-{row['category']}-{number}", row["category"], source, text, mentions))
    return tuple(found)


def judge(case: Case, proposals: Iterable[Found]) -> Verdict:
    """A proposal is right where it covers a marked mention (a possessive's ending may be in it or not) and leads
    to the marked note and heading."""
    left = {mention.span.start: mention for mention in case.mentions}
    right, wrong = [], []
    for each in proposals:
        mention = left.get(each.span.start)
        if mention is not None and _same(case.text, each, mention):
            del left[each.span.start]
            right += [] if mention.optional else [each]
        else:
            wrong.append(each)
    return Verdict(case, tuple(right), tuple(wrong), tuple(m for m in left.values() if not m.optional))


def _same(text: str, found: Found, mention: Marked) -> bool:
    words = _POSSESSIVE.sub("", text[found.span.start : found.span.end])
    marked = _POSSESSIVE.sub("", mention.words)
    return (words, found.target, found.heading) == (marked, mention.target, mention.heading)


def _unmarked(marked: str, notes: Collection[VaultPath]) -> tuple[str, tuple[Marked, ...]]:
    text, position, mentions = "", 0, []
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        target, _, heading = match["target"].partition("#")
        span = Span(len(text), len(text) + len(match["words"]))
        mentions.append(Marked(span, match["words"], _path(target, notes), heading, bool(match["may"])))
        text += match["words"]
        position = match.end()
    return text + marked[position:], tuple(mentions)


def _path(target: str, notes: Collection[VaultPath]) -> VaultPath:
    found = [path for path in notes if title_of(path) == target or path == f"{target}.md"]
    if len(found) != 1:
        raise ValueError(f"The mark {target!r} names {len(found)} notes.")
    return found[0]


def _read(name: str) -> dict[str, list[dict[str, str]]]:
    content: dict[str, list[dict[str, str]]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return content
