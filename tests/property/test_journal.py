"""A user and Famulus write into one note in any order, and Famulus takes back what it likes: the user's lines stay."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from tests.effort import effort
from vault_sync.databases.state import State
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault
from vault_sync.writing.edit import BOM, Edit, content_hash, split_mark
from vault_sync.writing.journal import Journal, Limits, Selection
from vault_sync.writing.undo import reverse
from vault_sync.writing.write import Writer

PATH = VaultPath("Заметка.md")
WORDS = st.text(st.sampled_from("абв xyz🌲e\u0301[]%"), max_size=8)


class OneNote(RuleBasedStateMachine):
    """`users` are the lines that the user wrote, in their order; all lines are told apart by a number."""

    written = Bundle("written")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name) / "v"
        root.mkdir()
        self.state = State(Path(self.folder.name) / "state.db")
        self.journal = Journal(self.state)
        self.writer = Writer(Vault(root), self.journal, Policy())
        self.file = root / PATH
        self.users: list[str] = []
        self.number = 0

    @initialize(mark=st.sampled_from([b"", BOM]), newline=st.sampled_from(["\n", "\r\n"]))
    def begin(self, mark: bytes, newline: str) -> None:
        self.newline = newline
        self.file.write_bytes(mark)

    def lines(self) -> list[str]:
        return split_mark(self.file.read_bytes())[1].split(self.newline)[:-1]

    def fresh(self, who: str, words: str) -> str:
        self.number += 1
        return f"{who}{self.number} {words}"

    @rule(at=st.integers(0, 30), words=WORDS)
    def the_user_adds_a_line(self, at: int, words: str) -> None:
        lines, line = self.lines(), self.fresh("user", words)
        at = min(at, len(lines))
        before = sum(each.startswith("user") for each in lines[:at])
        self.users.insert(before, line)
        mark = split_mark(self.file.read_bytes())[0]
        text = "".join(f"{each}{self.newline}" for each in [*lines[:at], line, *lines[at:]])
        self.file.write_bytes(mark + text.encode())

    @rule(target=written, at=st.integers(0, 30), words=WORDS)
    def famulus_adds_a_line(self, at: int, words: str) -> int:
        data = self.file.read_bytes()
        at = sum(len(line) + len(self.newline) for line in self.lines()[:at])
        line = self.fresh("famulus", words) + self.newline
        self.writer.write(Edit(PATH, content_hash(data), Span(at, at), "", line), feature="link", run="r")
        return self.journal.entries(limit=1)[0].id

    @rule(entry=consumes(written))
    def famulus_takes_one_back(self, entry: int) -> None:
        self.undo(entry)

    def undo(self, entry: int) -> None:
        images = self.journal.images(entry)
        assert images is not None
        change = reverse(PATH, images, self.file.read_bytes())
        if change is not None:
            self.writer.write(change, feature="undo", run="u", undoes=entry)

    @rule()
    def the_daemon_starts_again(self) -> None:
        self.state.close()
        self.state = State(Path(self.folder.name) / "state.db")
        self.journal = Journal(self.state, Limits())
        self.writer = Writer(self.writer.vault, self.journal, Policy())
        assert self.writer.sweep() == 0

    @invariant()
    def the_users_lines_are_there_in_their_order(self) -> None:
        assert [line for line in self.lines() if line.startswith("user")] == self.users

    @invariant()
    def the_journal_knows_what_stands_there(self) -> None:
        done = self.journal.entries(Selection(feature="link", state="done"))
        assert len(done) == sum(line.startswith("famulus") for line in self.lines())

    def teardown(self) -> None:
        for entry in self.journal.entries(Selection(feature="link", state="done"), limit=1000):
            self.undo(entry.id)
        assert self.lines() == self.users, "with everything taken back the note is the user's own"
        assert [file.name for file in self.file.parent.iterdir()] == [PATH]
        self.state.close()
        self.folder.cleanup()


TestOneNote = OneNote.TestCase
TestOneNote.settings = settings(max_examples=effort(40), stateful_step_count=25)
