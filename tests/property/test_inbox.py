"""Whatever the user, new passes, undo and redo do to an inbox: states follow the table, and a no is remembered."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agents.errors import SuggestionError
from agents.inbox.decisions import Write
from agents.inbox.inbox import Inbox
from agents.inbox.suggestion import TRANSITIONS, Suggestion, SuggestionState, suggestion_id
from tests.effort import effort
from vault_sync.databases.state import State
from vault_sync.errors import StaleEditError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, apply, content_hash

PATH = VaultPath("Note.md")
TARGETS = ("A.md", "B.md", "C.md")
CHOSEN = st.sampled_from(TARGETS)


def suggestion(target: str) -> Suggestion:
    goal, line = VaultPath(target), f" [{target}]"
    edit = Edit(PATH, "00", Span(0, 0), "", line)
    return Suggestion(suggestion_id("link", PATH, goal), "link", PATH, goal, "direct", 0.5, "", "", edit, "test", 1.0)


class OneInbox(RuleBasedStateMachine):
    """`no` holds what the user does not want, `states` what the inbox said last."""

    def __init__(self) -> None:
        super().__init__()
        self.note = b"Pages."
        self.broken = False
        self.state = State(":memory:")
        self.inbox = Inbox(self.state, lambda path: self.note, {"link": self})
        self.no: set[str] = set()
        self.writes: list[tuple[str, Write]] = []
        self.states: dict[str, SuggestionState] = {}

    def teardown(self) -> None:
        self.state.close()

    def rebase(self, made: Suggestion, data: bytes) -> Edit | None:
        """As a Handler."""
        if self.broken:
            raise StaleEditError("Nothing was written.", "The note was changed.")
        text = data.decode()
        return Edit(PATH, content_hash(data), Span(len(text), len(text)), "", made.edit.after)

    def applied(self, made: Suggestion) -> None:
        """As a Handler."""

    async def write(self, edit: Edit) -> str:
        self.note = apply(edit, self.note)
        return content_hash(self.note)

    def remove(self, target: str) -> None:
        self.note = self.note.replace(suggestion(target).edit.after.encode(), b"")

    @rule(goals=st.sets(CHOSEN))
    def a_pass(self, goals: set[str]) -> None:
        proposed = [suggestion(each) for each in sorted(goals) if f"[{each}]".encode() not in self.note]
        kept = self.inbox.replace(PATH, "link", proposed)
        assert not {str(each.target) for each in kept} & self.no

    @rule(goal=CHOSEN)
    def wrote_by_itself(self, goal: str) -> None:
        if goal in self.no or f"[{goal}]".encode() in self.note:
            return
        self.note += suggestion(goal).edit.after.encode()
        write = Write(f"run{len(self.writes)}", content_hash(self.note), silent=True)
        self.inbox.wrote([suggestion(goal)], write)
        self.writes.append((goal, write))
        self.states[suggestion(goal).id] = "applied"

    @rule(goal=CHOSEN, broken=st.booleans())
    def accept(self, goal: str, broken: bool) -> None:
        self.broken = broken
        run = f"run{len(self.writes)}"
        try:
            asyncio.run(self.inbox.accept(suggestion(goal).id, self.write, run))
        except (SuggestionError, StaleEditError):
            return
        self.writes.append((goal, Write(run, content_hash(self.note))))

    @rule(goal=CHOSEN)
    def reject(self, goal: str) -> None:
        try:
            self.inbox.reject(suggestion(goal).id)
        except SuggestionError:
            return
        self.no.add(goal)

    @rule(goal=CHOSEN)
    def restore(self, goal: str) -> None:
        try:
            self.inbox.restore(suggestion(goal).id)
        except SuggestionError:
            return
        self.no.discard(goal)

    @rule(goal=CHOSEN)
    def take_out(self, goal: str) -> None:
        if f"[{goal}]".encode() in self.note:
            self.remove(goal)
            self.inbox.verdicts.taken_out(PATH, "link", [VaultPath(goal)])
            self.no.add(goal)

    @rule(data=st.data())
    def undo_and_perhaps_redo(self, data: st.DataObject) -> None:
        if not self.writes:
            return
        target, write = data.draw(st.sampled_from(self.writes))
        if f"[{target}]".encode() not in self.note or (target, write) != [w for w in self.writes if w[0] == target][-1]:
            return
        self.remove(target)
        self.inbox.verdicts.undone(write)
        self.no.add(target)
        if data.draw(st.booleans()):
            self.note += suggestion(target).edit.after.encode()
            self.observe()
            self.inbox.verdicts.redone(write)
            self.no.discard(target)

    @invariant()
    def observe(self) -> None:
        """Each state follows from the last by the table, with a stop between where a decision has two steps."""
        now = {each.id: each.state for each in self.inbox.list()}
        for known, state in now.items():
            last = self.states.get(known, "pending")
            between = TRANSITIONS[last] | {last, "pending" if last == "stale" else last}
            assert state in between or any(state in TRANSITIONS[each] for each in between)
            assert state != "accepted"
        self.states = now

    @invariant()
    def a_no_is_remembered(self) -> None:
        assert self.inbox.refused(PATH, "link") == self.no
        held = {str(each.target): each.state for each in self.inbox.list()}
        assert all(held.get(each, "rejected") == "rejected" for each in self.no)


TestOneInbox = OneInbox.TestCase
TestOneInbox.settings = settings(max_examples=effort(60), stateful_step_count=20)
