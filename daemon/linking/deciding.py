"""The inbox as its user sees it: pages of suggestions, decisions on one or on many, and what decisions taught."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from agents.errors import AgentError, BadRequestError
from agents.inbox.choice import Choice
from agents.inbox.gate import Bar
from agents.inbox.shelf import Head
from agents.inbox.suggestion import Suggestion, SuggestionState
from daemon.linking.autolink import new_run
from vault_sync.errors import StaleEditError, VaultError
from vault_sync.paths import VaultPath, folder_of
from vault_sync.writing.edit import Edit
from vault_sync.writing.journal import feature_of

if TYPE_CHECKING:
    from daemon.compose import Famulus

Action = Literal["accept", "reject", "restore"]
_FROM: dict[Action, SuggestionState] = {"accept": "pending", "reject": "pending", "restore": "rejected"}
"""The state of what a filter means, where it names none."""
_TO: dict[Action, SuggestionState] = {"reject": "rejected", "restore": "pending"}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was asked for, of `total` that are shown; `hidden` more are not worth showing by their score."""

    suggestions: tuple[Suggestion, ...]
    total: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one suggestion: its state, or the error that kept it from being decided."""

    id: str
    state: SuggestionState | None
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """So many suggestions of a kind are in a state; `hidden` of them are not shown."""

    kind: str
    state: SuggestionState
    count: int
    hidden: int


@dataclass(frozen=True, slots=True)
class InFolder:
    """So many suggestions in a state are shown for the notes of a folder, those of the folders in it too."""

    folder: str
    state: SuggestionState
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the inbox of a vault holds, by kind and by folder."""

    counts: tuple[Count, ...] = ()
    folders: tuple[InFolder, ...] = ()


class Deciding:
    """Answers questions about the inbox of one vault, and decides on its suggestions."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    def page(self, choice: Choice, *, hidden: bool = False, limit: int = 1000, offset: int = 0) -> Page:
        """A page of what fits, by note, best first; with `hidden` also what is not worth showing."""
        heads = self._famulus.inbox.heads(choice)
        shown = heads if hidden else self._shown(heads)
        ids = [head.id for head in shown[offset : offset + limit]]
        return Page(tuple(self._famulus.inbox.load(ids)), len(shown), len(heads) - len(shown))

    def shows(self, each: Head | Suggestion) -> bool:
        """Whether it is worth showing; what is decided always is."""
        return each.state != "pending" or self._famulus.gate.bar(each.kind).shows(each.score)

    def _shown(self, heads: Sequence[Head]) -> list[Head]:
        """Those that are worth showing. Each kind's bar is looked up once: there may be many thousands."""
        bars = {kind: self._famulus.gate.bar(kind) for kind in {head.kind for head in heads}}
        return [head for head in heads if head.state != "pending" or bars[head.kind].shows(head.score)]

    def summary(self) -> Summary:
        """How many suggestions there are, by kind and state, and how many are shown, by folder and state."""
        heads = self._famulus.inbox.heads(Choice())
        shown = self._shown(heads)
        all_, seen = (Counter((head.kind, head.state) for head in some) for some in (heads, shown))
        counts = tuple(Count(*key, count, count - seen[key]) for key, count in sorted(all_.items()))
        places = Counter((folder, head.state) for head in shown for folder in _folders(head.path))
        return Summary(counts, tuple(InFolder(*key, count) for key, count in sorted(places.items())))

    def bars(self) -> list[Bar]:
        """Where the thresholds are, for each kind that has one or of which anything was decided."""
        gate = self._famulus.gate
        kinds = {*gate.decisions.kinds(), *self._famulus.settings.linking.threshold}
        return [gate.bar(kind) for kind in sorted(kinds)]

    async def accept(self, suggestion: str, run: str = "") -> Suggestion:
        """Apply one suggestion. Raises StaleEditError, SuggestionError, WriteRefusedError."""
        feature, run = self._famulus.inbox.get(suggestion).kind, run or new_run()

        async def apply(edit: Edit) -> str:
            return await self._famulus.applier.apply(edit, feature=feature, run=run)

        return self._told(await self._famulus.inbox.accept(suggestion, apply, run))

    def reject(self, suggestion: str) -> Suggestion:
        """Refuse one suggestion for good."""
        return self._told(self._famulus.inbox.reject(suggestion))

    def restore(self, suggestion: str) -> Suggestion:
        """Take one rejection back."""
        return self._told(self._famulus.inbox.restore(suggestion))

    def chosen(self, action: Action, choice: Choice, *, everything: bool = False, hidden: bool = False) -> list[str]:
        """The ids that an action on many means: those that are named, or what fits and is shown.

        Raises BadRequestError where neither ids nor a filter is given, nor `everything` is said.
        """
        if choice.ids:
            if replace(choice, ids=()):
                raise BadRequestError("Nothing was decided.", "There are ids and a filter.", "Give one of the two.")
            return list(dict.fromkeys(choice.ids))
        if not choice and not everything:
            raise BadRequestError(
                "Nothing was decided.",
                "The request does not say which suggestions are meant.",
                "Give ids, folder, kind, target, min_score or max_score; or say that everything is meant.",
            )
        heads = self._famulus.inbox.heads(replace(choice, state=choice.state or _FROM[action]))
        return [head.id for head in (heads if hidden else self._shown(heads))]

    async def decide(self, action: Action, ids: Sequence[str], run: str = "") -> list[Outcome]:
        """Decide on many: each is answered for itself. What is accepted is one run of the journal, and one write a note."""
        if action == "accept":
            return await self._accept_all(ids, run or new_run())
        found: list[Outcome] = []
        for begin in range(0, len(ids), _AT_ONCE):
            found += await asyncio.to_thread(self._turned, ids[begin : begin + _AT_ONCE], action)
        return found

    async def _accept_all(self, ids: Sequence[str], run: str) -> list[Outcome]:
        known, came = await asyncio.to_thread(self._known, ids)
        notes: dict[VaultPath, list[str]] = {}
        for each in known.values():
            notes.setdefault(each.path, []).append(each.id)
        for of_note in notes.values():
            came |= await self._accepted(of_note, run)
        return [came[known[each].id if each in known else each] for each in ids]

    def _known(self, ids: Sequence[str]) -> tuple[dict[str, Suggestion], dict[str, Outcome]]:
        """By what was asked for: the suggestions of these ids, and why there is none."""
        known, failed = dict[str, Suggestion](), dict[str, Outcome]()
        for each in ids:
            try:
                known[each] = self._famulus.inbox.get(each)
            except AgentError as error:
                failed[each] = _failed(each, error)
        return known, failed

    async def _accepted(self, ids: Sequence[str], run: str) -> dict[str, Outcome]:
        """Accept what is for one note; one that fails is answered for by its own state or by the error."""

        async def apply(edit: Edit, kinds: tuple[str, ...]) -> str:
            return await self._famulus.applier.apply(edit, feature=feature_of(kinds), run=run)

        unique = list(dict.fromkeys(ids))
        try:
            taken = await self._famulus.inbox.accept_together(unique, apply, run)
        except (VaultError, AgentError) as error:
            return {each: self._left(each, error) for each in unique}
        done = {each.id: self._told(each) for each in taken}
        return {each: _accepted_or_stale(done[each]) if each in done else self._left(each) for each in unique}

    def _left(self, suggestion: str, error: VaultError | AgentError | None = None) -> Outcome:
        """Why one was not decided: it was not pending, or the error that kept all of its note from being written."""
        try:
            now = self._famulus.inbox.get(suggestion)
        except AgentError as unknown:
            return _failed(suggestion, unknown)
        if error is not None and now.state == "pending":
            return _failed(suggestion, error)
        return Outcome(suggestion, None, f"It is {now.state} already.", "suggestion")

    def _turned(self, ids: Sequence[str], action: Action) -> list[Outcome]:
        inbox, known, failed = self._famulus.inbox, dict[str, str](), dict[str, Outcome]()
        for each in ids:
            try:
                known[each] = inbox.find(each)
            except AgentError as error:
                failed[each] = _failed(each, error)
        turned = {each.id: each for each in inbox.verdicts.decide_all(list(known.values()), _TO[action])}
        for done in turned.values():
            self._told(done)
        return [failed.get(each) or self._outcome(known[each], turned) for each in ids]

    def _outcome(self, known: str, turned: dict[str, Suggestion]) -> Outcome:
        return Outcome(known, turned[known].state, "") if known in turned else self._left(known)

    def _told(self, done: Suggestion) -> Suggestion:
        self._famulus.bus.publish("suggestion.decided", path=done.path, id=done.id, state=done.state)
        return done


def _folders(path: VaultPath) -> Iterator[str]:
    """The folders that hold a note, the deepest first; none for the vault itself."""
    folder = folder_of(path)
    while folder:
        yield folder
        folder = folder_of(VaultPath(folder))


def _accepted_or_stale(done: Suggestion) -> Outcome:
    if done.state == "stale":
        return Outcome(done.id, None, done.state_reason, StaleEditError.code)
    return Outcome(done.id, done.state, done.state_reason)


def _failed(suggestion: str, error: VaultError | AgentError) -> Outcome:
    return Outcome(suggestion, None, error.cause or error.effect, error.code)
