"""Mentions in the notes of a vault: suggestions for the inbox, and the Edits that make links of them."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.mention.habits import Habits
from agents.mention.mentions import Context, Known, Mention, find_mentions
from vault_sync.errors import StaleEditError, UnreadableNoteError
from vault_sync.notes.note import Note, Span
from vault_sync.notes.parse import decode, parse_note
from vault_sync.notes.visible import visible
from vault_sync.paths import VaultPath
from vault_sync.text import language_of
from vault_sync.writing.edit import Edit, content_hash

KIND = "mention"
"""The kind of these suggestions, and the feature under which the journal keeps what they wrote."""

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_OPENS = re.compile(r"[$`]|%%|<!--")
"""With what a formula, code or a comment begins."""
_REASONS = {
    "ru": {
        "title": "«{text}» — это название заметки «{title}».",
        "alias": "«{text}» — это другое имя заметки «{title}».",
        "heading": "«{text}» — это заголовок в заметке «{title}».",
        "anchor": "Так заметку «{title}» называют ссылки в других заметках.",
        "short": "«{text}» — это часть названия «{title}».",
        "initials": "«{text}» — это первые буквы названия «{title}».",
    },
    "en": {
        "title": "“{text}” is the title of the note “{title}”.",
        "alias": "“{text}” is another name of the note “{title}”.",
        "heading": "“{text}” is a heading in the note “{title}”.",
        "anchor": "Links in other notes call the note “{title}” so.",
        "short": "“{text}” is a part of the title “{title}”.",
        "initials": "“{text}” are the initials of the title “{title}”.",
    },
}


class Mentioner:
    """Finds mentions. `names` and `context` are asked anew for each note; nothing is kept in mind."""

    def __init__(
        self,
        names: Callable[[], Known],
        habits: Habits | None = None,
        context: Callable[[VaultPath, str], Context | None] = lambda path, digest: None,
    ) -> None:
        """`context` is given the note's path and the hash of its bytes."""
        self._names = names
        self._habits = habits or Habits()
        self._context = context

    def suggest(self, path: VaultPath, data: bytes) -> list[Suggestion]:
        """A suggestion for each mention that may become a link, in the order of the text.

        Raises UnreadableNoteError for what is not UTF-8.
        """
        note, names = parse_note(path, data), self._names()
        return [_suggestion(note, data, mention) for mention in self._found(note, names, data)]

    def links(self, path: VaultPath, data: bytes) -> Counter[VaultPath]:
        """How many links of the note's own text lead to each note. Raises UnreadableNoteError."""
        note, names = parse_note(path, data), self._names()
        targets = (names.resolve(link.target, path) for link in note.links if not link.in_managed)
        return Counter(target for target in targets if target is not None)

    def _found(self, note: Note, names: Known, data: bytes) -> list[Mention]:
        habits = self._habits
        found = find_mentions(
            note,
            names,
            context=self._context(note.path, content_hash(data)),
            headings=habits.headings,
            once=habits.once,
            least=habits.least,
        )
        return [mention for mention in found if _leaves_the_rest(note, mention)]

    def combined(self, suggestions: Sequence[Suggestion], data: bytes) -> Edit | None:
        """One Edit that makes links of all these, made for the note with these bytes.

        None for no suggestion, or for suggestions that were made for other bytes.
        """
        digest = content_hash(data)
        edits = sorted((s.edit for s in suggestions), key=lambda edit: edit.span.start)
        if not edits or any(edit.base_hash != digest for edit in edits):
            return None
        text = decode(data, edits[0].path)
        start, end = edits[0].span.start, edits[-1].span.end
        after, position = "", start
        for edit in edits:
            after += text[position : edit.span.start] + edit.after
            position = edit.span.end
        return Edit(edits[0].path, digest, Span(start, end), text[start:end], after)

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The suggestion's Edit for the note as it is now; None where the note links there already.

        Raises StaleEditError where the line that it stands in reads differently now.
        """
        try:
            note = parse_note(suggestion.path, data)
        except UnreadableNoteError as error:
            raise _stale(suggestion, error.cause) from error
        names = self._names()
        for mention in self._found(note, names, data):
            same = (mention.target, mention.text) == (suggestion.target, suggestion.detail["text"])
            if same and _line(note, mention.span) == suggestion.detail["line"]:
                return _edit(note, data, mention)
        lines = (_line(note, link.span) for link in note.links if _leads(note, names, link.target, suggestion))
        if suggestion.detail["line"] in lines:
            return None
        raise _stale(suggestion, "The line with the mention was changed, or the note links there by now.")

    def applied(self, suggestion: Suggestion) -> None:
        """Nothing to remember: the inbox knows what was applied."""


def moved(suggestion: Suggestion, old: VaultPath, new: VaultPath) -> Suggestion:
    """The same suggestion after a note that it is for, or that it names, got another path."""
    path, target = (new if each == old else each for each in (suggestion.path, suggestion.target))
    assert path is not None and target is not None
    edit, detail = replace(suggestion.edit, path=path), suggestion.detail
    return replace(
        suggestion, id=_id(path, target, detail["text"], detail["line"]), path=path, target=target, edit=edit
    )


def _id(path: VaultPath, target: VaultPath, text: str, line: str) -> str:
    return suggestion_id(KIND, path, "\0".join((target, text, line)))


def _leads(note: Note, names: Known, written: str, suggestion: Suggestion) -> bool:
    return names.resolve(written, note.path) == suggestion.target


def _line(note: Note, span: Span) -> str:
    """The line around a span as it is read, links by what they show: the same before and after a link is made."""
    start = max(note.text.rfind("\n", 0, span.start), note.text.rfind("\r", 0, span.start)) + 1
    end = min((i for i in (note.text.find(c, span.end) for c in "\r\n") if i >= 0), default=len(note.text))
    return _ESCAPED.sub(r"\1", visible(note.text[start:end]))


def _leaves_the_rest(note: Note, mention: Mention) -> bool:
    """Whether all around the link is read as before: “$” in the name of a file may open or close a formula."""
    if not _OPENS.search(mention.link):
        return True
    written = f"{note.text[: mention.span.start]}{mention.link}{note.text[mention.span.end :]}"
    read = parse_note(note.path, written.encode())
    return [region.kind for region in read.regions] == [region.kind for region in note.regions]


def _edit(note: Note, data: bytes, mention: Mention) -> Edit:
    return Edit(note.path, content_hash(data), mention.span, mention.text, mention.link)


def _suggestion(note: Note, data: bytes, mention: Mention) -> Suggestion:
    line = _line(note, mention.span)
    title = mention.target.rpartition("/")[2].removesuffix(".md")
    reason = _REASONS[language_of(note.text)][mention.kind].format(text=mention.text, title=title)
    return Suggestion(
        id=_id(note.path, mention.target, mention.text, line),
        kind=KIND,
        path=note.path,
        target=mention.target,
        relation=None,
        score=mention.score,
        reason=reason,
        evidence=line,
        edit=_edit(note, data, mention),
        produced_by=f"{mention.kind}, {mention.manner}",
        created_at=time.time(),
        detail={"text": mention.text, "line": line, "link": mention.link, "heading": mention.heading or ""},
    )


def _stale(suggestion: Suggestion, cause: str) -> StaleEditError:
    return StaleEditError(
        f"The mention in {suggestion.path!r} was not made a link.", cause, "Decide on the suggestions of the next pass."
    )
