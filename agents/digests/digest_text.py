"""The text of a digest: counts, a summary where there is one, and each note with a quotation and its source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agents.digests.changes import Changes
from agents.digests.digest_note import WRITTEN_KEY, WRITTEN_VALUE
from agents.reasons.evidence import escaped
from vault_sync.paths import VaultPath, title_of

MOST_LISTED = 40
"""Notes that one group lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A note that is listed: links to it and to where its sentence stands, and the sentence (plain) or nothing."""

    link: str
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Words:
    groups: tuple[str, str, str, str]
    counts: tuple[str, str, str, str]
    was: str
    more: str
    sources: str
    quotes: tuple[str, str]


_WORDS: Mapping[str, _Words] = {
    "en": _Words(
        ("New", "Changed", "Renamed", "Deleted"),
        ("new notes", "changed", "renamed", "deleted"),
        "was",
        "and {count} more",
        "Sources",
        ("“", "”"),
    ),
    "ru": _Words(
        ("Новые", "Изменённые", "Переименованные", "Удалённые"),
        ("новых заметок", "изменённых", "переименованных", "удалённых"),
        "раньше",
        "и ещё {count}",
        "Источники",
        ("«", "»"),
    ),
}


def counted(changes: Changes, language: str) -> str:
    """How many notes are new, changed, renamed and deleted, in a line."""
    words = _WORDS[language]
    groups = (changes.new, changes.changed, changes.renamed, changes.deleted)
    parts = [f"{name}: {len(group)}" for name, group in zip(words.counts, groups, strict=True) if group]
    line = ", ".join(parts)
    return line[:1].upper() + line[1:] + "."


def digest_text(
    name: str, day: date, language: str, summary: str, changes: Changes, notes: Mapping[VaultPath, Quoted]
) -> str:
    """The whole note. `notes` holds what is listed of each note that is there; `summary` may be empty."""
    words = _WORDS[language]
    page = _Page(words, notes)
    groups = [
        [page.line(path) for path in changes.new[:MOST_LISTED]],
        [page.line(path) for path in changes.changed[:MOST_LISTED]],
        [page.line(now, old) for old, now in changes.renamed[:MOST_LISTED]],
        [f"- {escaped(title_of(path))}" for path in changes.deleted[:MOST_LISTED]],
    ]
    totals = map(len, (changes.new, changes.changed, changes.renamed, changes.deleted))
    parts = [_head(changes, language), f"# {escaped(name)} {day.isoformat()}", counted(changes, language)]
    parts += [escaped(summary)] if summary else []
    for heading, lines, total in zip(words.groups, groups, totals, strict=True):
        if lines:
            rest = [f"- {words.more.format(count=total - len(lines))}"] if total > len(lines) else []
            parts.append("\n".join([f"## {heading}", "", *lines, *rest]))
    if page.sources:
        parts.append("\n".join([f"## {words.sources}", "", *page.sources]))
    return "\n\n".join(parts) + "\n"


def _head(changes: Changes, language: str) -> str:
    description = json.dumps(counted(changes, language), ensure_ascii=False)
    return f"---\ntags:\n  - digest\ndescription: {description}\n{WRITTEN_KEY}: {WRITTEN_VALUE}\n---"


class _Page:
    """Numbers the footnotes as lines are written."""

    def __init__(self, words: _Words, notes: Mapping[VaultPath, Quoted]) -> None:
        self._words = words
        self._notes = notes
        self._sources: list[str] = []

    @property
    def sources(self) -> Sequence[str]:
        """The footnotes so far."""
        return self._sources

    def line(self, path: VaultPath, old: VaultPath | None = None) -> str:
        """The list item of one note."""
        quoted = self._notes[path]
        was = f" ({self._words.was}: {escaped(title_of(old))})" if old and title_of(old) != title_of(path) else ""
        if not quoted.sentence:
            return f"- {quoted.link}{was}"
        before, after = self._words.quotes
        number = len(self._sources) + 1
        self._sources.append(f"[^{number}]: {quoted.source}")
        return f"- {quoted.link}{was} — {before}{escaped(quoted.sentence)}{after}[^{number}]"
