"""The inbox: suggestions in `state.db`, decided by the user, applied through whoever may write."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from agents.inbox import quotes, shelf
from agents.inbox.choice import Choice
from agents.inbox.decisions import Decisions, Write
from agents.inbox.shelf import Head, Shelf
from agents.inbox.suggestion import AmbiguousSuggestionError, Suggestion, SuggestionState, unknown
from agents.inbox.together import Together, carried, together
from agents.inbox.verdicts import TAKEN_OUT, Verdicts
from vault_sync.databases.state import State
from vault_sync.errors import NoteBusyError, StaleEditError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit
from vault_sync.writing.edit import apply as applied

Apply = Callable[[Edit], Awaitable[str]]
"""Writes an Edit and returns the note's new hash; raises StaleEditError or WriteRefusedError."""
ApplyKinds = Callable[[Edit, tuple[str, ...]], Awaitable[str]]
"""The same, told also of which kinds the Edit holds something."""
Read = Callable[[VaultPath], bytes | None]
"""The note's bytes on the disk now, None where it is gone."""

_TRIES = 2

Suggestions = list[Suggestion]
Heads = list[Head]


class Handler(Protocol):
    """What a kind of suggestion knows about its Edits."""

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The Edit for the note as it is now, None where the note has it already.

        Raises StaleEditError where the user changed what the suggestion was made for.
        """
        ...

    def applied(self, suggestion: Suggestion) -> None:
        """The Edit was written."""
        ...


class Inbox:
    """Suggestions of one vault. One is applied at a time, so that each Edit sees the note after the one before."""

    def __init__(
        self,
        state: State,
        read: Read,
        handlers: Mapping[str, Handler],
        clock: Callable[[], float] = time.time,
        allowed: Callable[[VaultPath, str], bool] = lambda path, kind: True,
        own: Callable[[VaultPath, bytes], tuple[str, ...]] = lambda path, data: (),
    ) -> None:
        """A suggestion that names a note which is not `allowed` for its kind is as one that is not there.

        `own` are hashes of what the user wrote in a note with these bytes, always as many, empty for none. Suggestions
        keep one of them in their detail to know whether the user went on writing.
        """
        self._state = state
        self._shelf = Shelf(state)
        self._allowed = allowed
        self._read = read
        self._handlers = handlers
        self._clock = clock
        self._own = own
        self._decisions = Decisions(state, clock)
        self._applying = asyncio.Lock()
        self.verdicts = Verdicts(state, clock)

    # What comes in

    def replace(self, path: VaultPath, kind: str, suggestions: Sequence[Suggestion]) -> Suggestions:
        """Put a new pass in the place of what is pending or stale for this note; what was refused is left out.

        What was applied, is proposed again and does not stand in the note any more was taken out by the user: that is
        a refusal too.
        """
        refused = self.refused(path, kind)
        known = {each.id: each for each in self._shelf.load([s.id for s in suggestions])}
        kept = [s for s in suggestions if (s.target or "") not in refused and self._is_news(known.get(s.id))]
        with self._state.transaction() as connection:
            connection.execute(
                "DELETE FROM suggestions WHERE path = ? AND kind = ? AND state IN ('pending', 'stale')",
                (path, kind),
            )
            shelf.put(connection, kept)
        return kept

    def _is_news(self, known: Suggestion | None) -> bool:
        if known is None or known.state in ("pending", "stale"):
            return True
        if known.state != "applied":
            return False
        if known.edit.after.strip().encode() in (self._read(known.path) or b""):
            # The same once more, at another place of the note.
            return True
        self.verdicts.become(known.id, "rejected", TAKEN_OUT)
        return False

    def add(self, suggestion: Suggestion) -> Suggestion:
        """Put one in beside what is there for its note; returns what the inbox now holds of it.

        What was refused stays refused. What was applied and is proposed again was taken out of the note by the
        user: that is a refusal too.
        """
        known = next(iter(self._shelf.load([suggestion.id])), None)
        if known is not None and known.state == "applied":
            return self.verdicts.become(known.id, "rejected", TAKEN_OUT)
        if known is None or known.state in ("pending", "stale"):
            with self._state.transaction() as connection:
                shelf.put(connection, [suggestion])
        return self.get(suggestion.id)

    def withdraw(self, ids: Iterable[str]) -> None:
        """Take pending suggestions back that nothing speaks for any more; nobody refused them."""
        with self._state.transaction() as connection:
            connection.executemany(
                "DELETE FROM suggestions WHERE id = ? AND state IN ('pending', 'stale')", [(each,) for each in ids]
            )

    def wrote(self, suggestions: Iterable[Suggestion], write: Write) -> None:
        """These were written without a question. They are applied, whatever waited in their place."""
        with self._state.transaction() as connection:
            for each in suggestions:
                applied = replace(each, state="applied", decided_at=self._clock())
                shelf.put(connection, [applied])
                self._decisions.note(connection, applied, write)

    # What becomes of notes

    def moved(self, old: VaultPath, kind: str, renamed: Callable[[Suggestion], Suggestion]) -> None:
        """A note has another path: suggestions of a kind that are for it or name it, decided ones too, become what
        `renamed` makes of them."""
        where = "FROM suggestions WHERE (path = ?1 OR target = ?1) AND kind = ?2 AND state != 'accepted'"
        with self._state.transaction() as connection:
            rows = connection.execute(f"SELECT * {where}", (old, kind)).fetchall()
            connection.execute(f"DELETE {where}", (old, kind))
            for was in map(shelf.from_row, rows):
                now = renamed(was)
                shelf.put(connection, [now])
                self._decisions.renamed(connection, was.id, now.id)

    def forget(self, gone: Callable[[VaultPath], bool], kind: str | None = None) -> None:
        """Forget all suggestions (of a kind), also decided ones, for these notes, of them, or with words of them."""
        heads = self._shelf.heads(Choice(kind=kind or ""))
        ids = {head.id for head in heads if gone(head.path) or (head.target and gone(head.target))}
        with self._state.transaction() as connection:
            for each in shelf.with_quotes(connection):
                if kind in (None, each.kind) and any(map(gone, quotes.quoted(each.detail))):
                    ids.add(each.id)
            connection.executemany("DELETE FROM suggestions WHERE id = ?", [(each,) for each in ids])

    def quoted_elsewhere(self, old: VaultPath, new: VaultPath) -> None:
        """A note has another path: suggestions that quote it know it by that."""
        with self._state.transaction() as connection:
            for each in shelf.with_quotes(connection):
                detail = quotes.renamed(each.detail, old, new)
                if detail != each.detail:
                    shelf.put(connection, [replace(each, detail=detail)])

    # What is asked

    def heads(self, choice: Choice) -> Heads:
        """What fits and may be seen, by note, best first."""
        ids = tuple(self.find(each) for each in choice.ids)
        seen: dict[tuple[VaultPath, str], bool] = {}
        return [head for head in self._shelf.heads(replace(choice, ids=ids)) if self._shown(head, seen)]

    def load(self, ids: Sequence[str]) -> Suggestions:
        """The suggestions of these whole ids, which `heads` told, as far as they are still there."""
        return self._shelf.load(ids)

    def list(self, state: SuggestionState | None = None, folder: str = "", kind: str | None = None) -> Suggestions:
        """Suggestions by note, best first."""
        return self.load([head.id for head in self.heads(Choice((), state, folder, kind or ""))])

    def find(self, start: str) -> str:
        """The id that begins so. Raises UnknownSuggestionError, AmbiguousSuggestionError."""
        seen = [head.id for head in self._shelf.beginning(start) if start and self._shown(head, {})]
        if start in seen or len(seen) == 1:
            return start if start in seen else seen[0]
        if seen:
            raise AmbiguousSuggestionError(
                f"The id {start!r} does not say which suggestion is meant.",
                f"{len(seen)} ids begin so.",
                "Give more of it.",
            )
        raise unknown(start)

    def get(self, suggestion_id: str) -> Suggestion:
        """One suggestion, by its id or the beginning of it. Raises UnknownSuggestionError, AmbiguousSuggestionError."""
        return self._shelf.load([self.find(suggestion_id)])[0]

    def shown(self, suggestion: Suggestion) -> bool:
        """Whether the suggestion may be told of: policy allows the notes that it names and quotes."""
        return self._shown(suggestion, {})

    def _shown(self, head: Head | Suggestion, known: dict[tuple[VaultPath, str], bool]) -> bool:
        """`known` holds what was asked already: many suggestions name the same notes."""
        quoted = head.quoted if isinstance(head, Head) else quotes.quoted(head.detail)
        named = [(path, head.kind) for path in (head.path, head.target, *quoted) if path is not None]
        for each in named:
            if each not in known:
                known[each] = self._allowed(*each)
        return all(known[each] for each in named)

    # What is decided

    async def accept(self, suggestion_id: str, apply: Apply, run: str = "") -> Suggestion:
        """Apply a pending suggestion to the note as it is now; `run` is what `apply` is journaled under.

        Raises StaleEditError where the note was changed (the suggestion becomes stale), SuggestionError where it
        is not pending, and what `apply` raises (then it is pending again).
        """
        async with self._applying:
            suggestion = self.verdicts.decide(self.find(suggestion_id), "accepted")
            try:
                digest = await self._write(suggestion, apply)
            except StaleEditError as error:
                self.verdicts.become(suggestion.id, "stale", error.cause or error.effect)
                raise
            except BaseException:
                self.verdicts.become(suggestion.id, "pending")
                raise
            self._handlers[suggestion.kind].applied(suggestion)
            return self.verdicts.become(suggestion.id, "applied", write=Write(run, digest))

    async def accept_together(
        self, ids: Sequence[str], apply: ApplyKinds, run: str, silent: Collection[str] = ()
    ) -> Suggestions:
        """Apply pending suggestions for one note, of whatever kinds, as one Edit; what does not fit any more is stale.

        `ids` are whole ones. About the `silent` ones nobody was asked. Returns those that could be accepted, in their new states: what was
        decided by someone else meanwhile is not among them. Raises what `apply` raises, and NoteBusyError where the
        note changed again while it was being written: then they are pending again.
        """
        async with self._applying:
            able = [each.id for each in self._shelf.load(ids) if self.shown(each)]
            taken = self.verdicts.decide_all(able, "accepted")
            if not taken:
                return []
            try:
                made, digest = await self._write_together(taken, apply)
            except BaseException:
                for one in taken:
                    self.verdicts.become(one.id, "pending")
                raise
            stale = {each.id: reason for each, reason in made.stale}
            return [self._ended(each, stale, Write(run, digest, each.id in silent)) for each in taken]

    def _ended(self, taken: Suggestion, stale: Mapping[str, str], write: Write) -> Suggestion:
        if taken.id in stale:
            return self.verdicts.become(taken.id, "stale", stale[taken.id])
        self._handlers[taken.kind].applied(taken)
        return self.verdicts.become(taken.id, "applied", write=write)

    async def _write_together(self, taken: Sequence[Suggestion], apply: ApplyKinds) -> tuple[Together, str]:
        """What was written, and the note's new hash. A note that somebody saved just then is read once more."""
        path = taken[0].path
        for _ in range(_TRIES):
            data = await asyncio.to_thread(self._read, path)
            if data is None:
                return Together(None, tuple((each, "The note is gone.") for each in taken)), ""
            made = together(
                path,
                data,
                taken,
                lambda each, data: self._handlers[each.kind].rebase(each, data),
                lambda data: self._own(path, data),
            )
            if made.edit is None:
                return made, ""
            try:
                digest = await apply(made.edit, made.kinds)
            except StaleEditError:
                continue
            now = applied(made.edit, data)
            self._carry(path, self._own(path, data), self._own(path, now))
            return made, digest
        raise NoteBusyError(
            f"Nothing was written to {path!r}.", "The note was changed again and again.", "Try again in a moment."
        )

    async def _write(self, suggestion: Suggestion, apply: Apply) -> str:
        """The note's new hash, empty where nothing had to be written."""
        data = await asyncio.to_thread(self._read, suggestion.path)
        if data is None:
            raise StaleEditError(f"Nothing was written to {suggestion.path!r}.", "The note is gone.", "")
        edit = self._handlers[suggestion.kind].rebase(suggestion, data)
        if edit is None:
            return ""
        digest = await apply(edit)
        self._carry(suggestion.path, self._own(suggestion.path, data), self._own(suggestion.path, applied(edit, data)))
        return digest

    def _carry(self, path: VaultPath, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """What Famulus changed in a note is no reason against what else waits for it."""
        if was == now:
            return
        waiting = [head.id for head in self._shelf.heads(Choice(state="pending", folder=path)) if head.path == path]
        with self._state.transaction() as connection:
            shelf.put(connection, carried(self._shelf.load(waiting), was, now))

    def reject(self, suggestion_id: str) -> Suggestion:
        """Reject a suggestion and remember it, so that it is not made again. Raises SuggestionError."""
        return self.verdicts.decide(self.find(suggestion_id), "rejected")

    def restore(self, suggestion_id: str) -> Suggestion:
        """Take a rejection back: the suggestion waits again. Raises SuggestionError."""
        return self.verdicts.decide(self.find(suggestion_id), "pending")

    def refused(self, path: VaultPath, kind: str) -> set[str]:
        """The targets that the user refused for this note."""
        return self.verdicts.refused(path, kind)
