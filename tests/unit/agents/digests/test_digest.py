from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.digests.changes import Changes, collapse
from agents.digests.digest import Digests
from agents.digests.digest_note import read_digest
from agents.digests.digest_text import MOST_LISTED, Quoted, digest_text
from agents.digests.schedule_rules import missed, period
from agents.errors import DigestError
from agents.ports import Roles
from agents.prompts import Prompts
from agents.reasons.reason import Mastery
from tests.fakes.chat_engine import ScriptedEngine
from tests.fakes.embedder import WordEmbedder
from vault_sync.databases.state import State
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import ChangeKind, ChangeRecord
from vault_sync.index.sync import Indexer
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import InForce, Policy, Rule, Use
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import ABSENT, apply
from vault_sync.writing.journal import Images, Journal

DIGEST = VaultPath("Digests/Week.md")
ASKED = "---\nfamulus-digest: daily\nfamulus-scope: {scope}\n---\n{prompt}\n"
ENGLISH = "What is new in my notes?"


def daily(cron: str, after: datetime) -> datetime | None:
    """Fires each midnight; reads nothing but `daily` and `never`."""
    if cron == "never":
        return None
    if cron != "daily":
        raise ValueError("wrong number of fields")
    return after.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


class Nobody:
    async def masters(self, engine: object, language: str) -> bool:
        return False


class Everybody:
    async def masters(self, engine: object, language: str) -> bool:
        return True


class Desk:
    """A vault on the disk with everything that digests need."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        self.write("Work/Plan.md", "# Plan\n\nThe plan is to ship the index on Friday.\n")
        self.write("Home/Garden.md", "# Garden\n\nTulips are planted before the first frost.\n")
        self.write(DIGEST, ASKED.format(scope="", prompt=ENGLISH))
        self.ledger = Ledger(folder / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), Policy())
        self.indexer.prepare()
        self.indexer.scan()
        self.state = State(":memory:")
        self.policy = InForce(Policy(new_notes="Digests"))
        self.digests = self.made(Roles({}), Nobody())
        self.now = self.latest() + 1

    def made(self, roles: Roles, mastery: Mastery) -> Digests:
        known = (self.ledger, self.read, roles, mastery, Prompts(), self.state, daily)
        return Digests(*known, policy=self.policy, exists=lambda path: (self.root / path).exists())

    def latest(self) -> float:
        """When the last change was logged."""
        return float(self.ledger.read().execute("SELECT max(at) FROM changes").fetchone()[0])

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, path: VaultPath) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.exists() else None

    def ran(self) -> None:
        """As if the digest had run just now."""
        self.digests.finished(DIGEST, self.latest(), None)

    async def text(self) -> str:
        edit = (await self.digests.run(DIGEST, self.now)).edit
        assert edit is not None
        return edit.after


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()
    made.state.close()


async def test_a_new_dated_note_cites_what_changed(desk: Desk) -> None:
    desk.ran()
    desk.write("Work/Plan.md", "# Plan\n\nThe plan is to ship the index on Monday.\n")
    desk.write("Work/Risks.md", "# Risks\n\n## First\n\nA risk is that the *disk* fills up.\n")
    (desk.root / "Home/Garden.md").rename(desk.root / "Home/Yard.md")
    desk.indexer.scan()
    result = await desk.digests.run(DIGEST, desk.now)
    assert result.edit is not None
    day = datetime.fromtimestamp(desk.now, UTC).date().isoformat()
    assert (result.edit.path, result.edit.base_hash) == (f"Digests/Week {day}.md", ABSENT)
    assert result.edit.after == (
        '---\ntags:\n  - digest\ndescription: "New notes: 1, changed: 1, renamed: 1."\nfamulus: digest\n---\n\n'
        f"# Week {day}\n\nNew notes: 1, changed: 1, renamed: 1.\n\n"
        "## New\n\n- [[Risks]] — “A risk is that the disk fills up.”[^1]\n\n"
        "## Changed\n\n- [[Plan]] — “The plan is to ship the index on Monday.”[^2]\n\n"
        "## Renamed\n\n- [[Yard]] (was: Garden) — “Tulips are planted before the first frost.”[^3]\n\n"
        "## Sources\n\n[^1]: [[Risks#First]]\n[^2]: [[Plan#Plan]]\n[^3]: [[Yard#Garden]]\n"
    )
    assert set(result.sources) == {"Work/Risks.md", "Work/Plan.md", "Home/Yard.md"}
    assert apply(result.edit, None).decode() == result.edit.after


async def test_nothing_changed_makes_no_note(desk: Desk) -> None:
    desk.ran()
    result = await desk.digests.run(DIGEST, desk.now)
    assert (result.edit, result.message) == (None, "Nothing had changed, so no note was written.")


async def test_the_first_digest_looks_back_one_period(desk: Desk) -> None:
    text = await desk.text()
    assert "[[Plan]]" in text and "[[Garden]]" in text
    later = await desk.digests.run(DIGEST, desk.now + 3 * 86400)
    assert later.edit is None


async def test_the_first_indexing_of_old_notes_is_no_news(desk: Desk) -> None:
    desk.digests.finished(DIGEST, desk.now - 3600, None)
    with desk.ledger.database.write() as connection:
        connection.execute("UPDATE notes SET mtime_ns = ?", (int((desk.now - 7200) * 1e9),))
    assert (await desk.digests.run(DIGEST, desk.now)).edit is None


async def test_a_digest_is_no_news_for_digests(desk: Desk) -> None:
    desk.ran()
    desk.write("Digests/Week 2026-01-01.md", "An old digest with some words in it.\n")
    desk.write("Other 2026-01-01.md", "---\ntags: [digest]\nfamulus: digest\n---\nAnother one with some words.\n")
    desk.write("Digests/Month.md", ASKED.format(scope="", prompt=ENGLISH))
    desk.write("Templates/Meeting.md", "A template with some words in it.\n")
    desk.indexer.scan()
    assert (await desk.digests.run(DIGEST, desk.now)).edit is None


@pytest.mark.parametrize(
    ("scope", "listed"),
    [("Work", "Plan"), ("work/", "Plan"), ("'#garden'", "Garden"), ("[Work, '#other']", "Plan"), ("'#gard'", None)],
)
async def test_scope(desk: Desk, scope: str, listed: str | None) -> None:
    desk.ran()
    desk.write("Work/Plan.md", "The plan is to rest on Friday, for once. #work\n")
    desk.write("Home/Garden.md", "Tulips are planted after the frost. #garden/flowers\n")
    desk.write(DIGEST, ASKED.format(scope=scope, prompt=ENGLISH))
    desk.indexer.scan()
    result = await desk.digests.run(DIGEST, desk.now)
    assert [path.rsplit("/")[-1] for path in result.sources] == ([f"{listed}.md"] if listed else [])


@pytest.mark.parametrize("scope", ["Wrok", "[Wrok, '#gardn']"])
async def test_a_scope_that_fits_no_note_is_told(desk: Desk, scope: str, caplog: pytest.LogCaptureFixture) -> None:
    desk.write("Work/Plan.md", "The plan is to rest on Friday, for once. #work\n")
    desk.write(DIGEST, ASKED.format(scope=scope, prompt=ENGLISH))
    desk.indexer.scan()
    (status,) = desk.digests.find(desk.now)
    assert status.error == "" and "(Wrok" in status.warning and "famulus-scope" in status.warning
    result = await desk.digests.run(DIGEST, desk.now)
    assert (result.edit, result.message) == (None, status.warning)
    assert status.warning in caplog.text


@pytest.mark.parametrize("scope", ["", "Work", "[Wrok, Work]"])
async def test_a_scope_that_fits_a_note_is_not_warned_of_where_nothing_changed(desk: Desk, scope: str) -> None:
    desk.write(DIGEST, ASKED.format(scope=scope, prompt=ENGLISH))
    desk.indexer.scan()
    desk.ran()
    assert desk.digests.find(desk.now)[0].warning == ""
    assert (await desk.digests.run(DIGEST, desk.now)).message == "Nothing had changed, so no note was written."


def test_a_scope_of_nothing_but_what_policy_hides_fits_no_note(desk: Desk) -> None:
    desk.write(DIGEST, ASKED.format(scope="Work", prompt=ENGLISH))
    desk.indexer.scan()
    desk.policy.current = denying("digests")
    assert "(Work)" in desk.digests.find(desk.now)[0].warning


async def test_what_famulus_wrote_is_no_news(desk: Desk) -> None:
    desk.ran()
    before = (desk.root / "Work/Plan.md").read_bytes()
    after = before + b"\n%% famulus:related %%\n- [[Garden]]\n%% /famulus:related %%\n"
    journal = Journal(desk.state)
    entry = journal.intend(VaultPath("Work/Plan.md"), Images(before, after), feature="link", run="run")
    journal.mark(entry.id, "done")
    desk.write("Work/Plan.md", after.decode())
    desk.indexer.scan()
    assert (await desk.digests.run(DIGEST, desk.now)).edit is None
    desk.write("Work/Plan.md", "Now the user writes a whole sentence.\n" + after.decode())
    desk.indexer.scan()
    assert "[[Plan]]" in await desk.text()


async def test_a_note_that_was_written_before_a_crash_is_not_written_again(desk: Desk) -> None:
    (before,) = desk.digests.find(desk.now)
    journal, run = Journal(desk.state), desk.digests.run_name(DIGEST)
    entry = journal.intend(VaultPath("Famulus/Weekly 2026.md"), Images(None, b"x"), feature="digest", run=run)
    assert desk.digests.find(desk.now) == [before], "it may never have been written"
    journal.mark(entry.id, "done")
    (after,) = desk.digests.find(desk.now)
    assert (after.last_run, after.last_note, after.due) == (entry.at, "Famulus/Weekly 2026.md", False)
    assert desk.digests.run_name(DIGEST) != run


async def test_a_taken_name_gets_a_number(desk: Desk) -> None:
    first = (await desk.digests.run(DIGEST, desk.now)).edit
    assert first is not None
    desk.write(first.path, "taken")
    second = (await desk.digests.run(DIGEST, desk.now)).edit
    assert second is not None
    assert second.path == first.path.replace(".md", " 2.md")


async def test_where_its_folder_is_not_for_new_notes_they_go_to_the_one_that_is(desk: Desk) -> None:
    desk.policy.current = Policy()
    first = (await desk.digests.run(DIGEST, desk.now)).edit
    assert first is not None
    day = datetime.fromtimestamp(desk.now, UTC).date().isoformat()
    assert first.path == f"Famulus/Week {day}.md"
    desk.write(first.path, "An own note with some words in it.\n")
    desk.write("Digests/Week 2026-01-01.md", "Written when its folder was for new notes.\n")
    desk.ran()
    desk.indexer.scan()
    again = await desk.digests.run(DIGEST, desk.now)
    assert again.edit is None, "what it wrote is no news, wherever it lies"


@pytest.mark.parametrize(("new_notes", "folder"), [("", "Digests/"), ("Digests", "Digests/"), ("A/B", "A/B/")])
async def test_beside_the_digest_where_that_is_allowed(desk: Desk, new_notes: str, folder: str) -> None:
    desk.policy.current = Policy(new_notes=new_notes)
    edit = (await desk.digests.run(DIGEST, desk.now)).edit
    assert edit is not None and edit.path.startswith(f"{folder}Week 2") and desk.policy.current.creatable(edit.path)


PLAN = "Work/Plan.md"


def denying(*deny: Use, path: str = PLAN) -> Policy:
    return Policy(rules=(Rule((path,), deny),), new_notes="Digests")


async def test_what_a_digest_may_not_tell(desk: Desk) -> None:
    desk.policy.current = denying("digests", path="Work")
    desk.write("Work/Gone.md", "This note will be gone soon enough.\n")
    desk.indexer.scan()
    (desk.root / "Work/Gone.md").unlink()
    (desk.root / PLAN).rename(desk.root / "Plain.md")
    desk.indexer.scan()
    text = await desk.text()
    assert "[[Plain]]" in text and "Gone" not in text and "was:" not in text and "Plan.md" not in text


@pytest.mark.parametrize("use", ["prompt", "chat", "search", "embed"])
async def test_what_is_kept_from_some_use_is_named_but_not_quoted(desk: Desk, use: Use) -> None:
    engine = ScriptedEngine(lambda request: "")
    desk.digests = desk.made(Roles({"planner": engine}), Everybody())
    desk.policy.current = denying(use)
    text = await desk.text()
    assert "- [[Plan]]\n" in text and "ship the index" not in text and "Tulips are planted" in text
    assert not any("ship" in message.content for request in engine.requests for message in request.messages)


async def test_a_prompt_that_no_model_may_read_is_not_sent(desk: Desk) -> None:
    engine = ScriptedEngine(lambda request: "")
    desk.digests = desk.made(Roles({"planner": engine}), Everybody())
    desk.policy.current = denying("prompt", path=DIGEST)
    assert "Tulips" in await desk.text() and not engine.requests


def test_a_digest_that_policy_keeps_out_is_as_one_that_is_not_there(desk: Desk) -> None:
    desk.digests.finished(DIGEST, desk.now, VaultPath("Private/Week 2026-01-01.md"))
    desk.policy.current = Policy(exclude=("Private",), new_notes="Digests")
    assert desk.digests.find(desk.now)[0].last_note is None
    desk.policy.current = denying("digests", path="Digests")
    assert desk.digests.find(desk.now) == []
    with pytest.raises(DigestError) as hidden:
        desk.digests.named("Week")
    with pytest.raises(DigestError) as unknown:
        desk.digests.named("Year")
    assert str(hidden.value).replace("Week", "Year") == str(unknown.value)


async def test_the_language_is_that_of_the_prompt(desk: Desk) -> None:
    desk.write(DIGEST, ASKED.format(scope="", prompt="Что нового в заметках?"))
    desk.indexer.scan()
    text = await desk.text()
    assert "## Изменённые" in text
    assert "## Источники" in text
    assert "«The plan is to ship the index on Friday.»" in text


@pytest.mark.parametrize(
    ("note", "cause"),
    [
        ("---\nfamulus-digest: 5 o'clock\n---\nTell me.\n", "can not be read: wrong number of fields"),
        ("---\nfamulus-digest: never\n---\nTell me.\n", "never comes due"),
        ("---\nfamulus-digest: [daily]\n---\nTell me.\n", "holds no cron line"),
        ("---\nfamulus-digest: daily\n---\n\n", "has no text"),
    ],
)
async def test_a_broken_digest_says_what_is_wrong(desk: Desk, note: str, cause: str) -> None:
    data = note.encode()
    with pytest.raises(DigestError) as error:
        read_digest(parse_note(DIGEST, data), datetime(2026, 1, 1, tzinfo=UTC), daily)
    assert cause in error.value.cause
    assert error.value.fix


def test_errors_are_kept_and_taken_back(desk: Desk) -> None:
    desk.write(DIGEST, "---\nfamulus-digest: often\n---\nTell me.\n")
    desk.indexer.scan()
    (broken,) = desk.digests.find(desk.now)
    assert "wrong number of fields" in broken.error
    assert desk.state.rows("SELECT error FROM digests")[0]["error"] == broken.error
    desk.write(DIGEST, ASKED.format(scope="", prompt=ENGLISH))
    desk.indexer.scan()
    (mended,) = desk.digests.find(desk.now)
    assert mended.error == ""
    (desk.root / DIGEST).unlink()
    desk.indexer.scan()
    assert desk.digests.find(desk.now) == []
    assert desk.state.rows("SELECT * FROM digests") == []


def test_a_missed_run_is_due_once(desk: Desk) -> None:
    (new,) = desk.digests.find(desk.now)
    assert not new.due
    later = desk.now + 5 * 86400
    assert desk.digests.find(later)[0].due
    desk.digests.finished(DIGEST, later, VaultPath("Digests/Week 1.md"))
    (ran,) = desk.digests.find(later + 1)
    assert (ran.due, ran.last_run, ran.last_note) == (False, later, "Digests/Week 1.md")


def test_named_by_title_or_path(desk: Desk) -> None:
    assert desk.digests.named("week") == desk.digests.named("Digests/Week.md") == DIGEST
    with pytest.raises(DigestError, match="no digest 'Year'"):
        desk.digests.named("Year")


def test_rules_of_the_schedule() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert not missed("daily", noon, noon + timedelta(hours=11), daily)
    assert missed("daily", noon, noon + timedelta(hours=12), daily)
    assert missed("daily", noon, noon + timedelta(days=9), daily)
    assert not missed("daily", noon, noon - timedelta(days=9), daily)
    assert not missed("never", noon, noon + timedelta(days=9), daily)
    assert period("daily", noon, daily) == timedelta(days=1)
    assert period("never", noon, daily) == timedelta(days=1)


def logged(*changes: tuple[ChangeKind, str, str | None]) -> list[ChangeRecord]:
    return [
        ChangeRecord(float(at), kind, VaultPath(path), VaultPath(old) if old else None)
        for at, (kind, path, old) in enumerate(changes)
    ]


@pytest.mark.parametrize(
    ("log", "changes"),
    [
        ([("created", "a", None), ("modified", "a", None)], Changes(new=(VaultPath("a"),))),
        ([("created", "a", None), ("deleted", "a", None)], Changes()),
        ([("deleted", "a", None), ("created", "a", None)], Changes(changed=(VaultPath("a"),))),
        ([("modified", "a", None), ("deleted", "a", None)], Changes(deleted=(VaultPath("a"),))),
        ([("moved", "b", "a"), ("moved", "c", "b")], Changes(renamed=((VaultPath("a"), VaultPath("c")),))),
        ([("moved", "b", "a"), ("moved", "a", "b")], Changes(changed=(VaultPath("a"),))),
        ([("moved", "b", "a"), ("deleted", "b", None)], Changes(deleted=(VaultPath("a"),))),
        ([("created", "a", None), ("moved", "b", "a")], Changes(new=(VaultPath("b"),))),
    ],
)
def test_collapse(log: list[tuple[ChangeKind, str, str | None]], changes: Changes) -> None:
    assert collapse(logged(*log)) == changes


def test_a_long_list_is_cut_and_counted() -> None:
    paths = tuple(VaultPath(f"{n:03}.md") for n in range(MOST_LISTED + 5))
    notes = {path: Quoted(f"[[{path[:-3]}]]", "", "") for path in paths}
    text = digest_text("Week", datetime(2026, 1, 1, tzinfo=UTC).date(), "en", "", Changes(new=paths), notes)
    assert text.count("- [[") == MOST_LISTED
    assert "- and 5 more\n" in text
