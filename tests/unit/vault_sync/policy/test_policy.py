import pytest

from vault_sync.paths import VaultPath
from vault_sync.policy.policy import USES, InForce, Policy, Rule, Use

POLICY = Policy(exclude=("Secret", "**/drafts/*.md", "*.excalidraw.md"), ignored=("Old/", r"/\bpw\b/"))


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        ("a.md", True),
        ("A.MD", True),
        ("image.png", False),
        ("a.canvas", True),
        ("Books.BASE", True),
        ("a.pdf", False),
        ("secret/x.canvas", False),
        (".obsidian/x.md", False),
        ("a/.trash/x.md", False),
        ("secret/x.md", False),
        ("Secrets/x.md", True),
        ("w/drafts/x.md", False),
        ("x.excalidraw.md", False),
        ("old/x.md", False),
        ("Older/x.md", True),
        ("my pw list.md", False),
        ("a.sync-conflict-20260101-120000-ABC.md", False),
        ("a (conflicted copy 2026-01-01).md", False),
    ],
)
def test_readable(path: str, readable: bool) -> None:
    assert POLICY.readable(VaultPath(path)) is readable
    assert readable or not any(POLICY.allows(path, use) for use in USES)


@pytest.mark.parametrize("path", ["a.canvas", "Famulus/b.base", "Famulus/c.pdf"])
def test_documents_are_read_and_nothing_else_is_done_to_them(path: str) -> None:
    policy = Policy(pdf=True)
    assert policy.readable(path)
    assert not policy.writable(path) and not policy.creatable(path)
    allowed = {use for use in USES if policy.allows(path, use)}
    assert allowed == {"embed", "prompt", "search", "related", "chat", "notes", "events"}


def test_pdfs_are_read_where_something_can_read_them() -> None:
    assert Policy(pdf=True).readable("a.PDF") and not Policy().readable("a.PDF")
    assert not Policy(pdf=True, exclude=("*.pdf",)).readable("a.pdf")
    assert Policy(pdf=True).fingerprint != Policy().fingerprint


@pytest.mark.parametrize(
    "path",
    [
        "a.sync-conflict-20260101-120000-ABCDEFG.md",
        "Folder/.syncthing.a.md.tmp",
        "~syncthing~a.md.tmp",
        "a (Anna's conflicted copy 2026-01-01).md",
        "a (Conflicted copy phone 202601011200).md",
        "a (conflicted copy 2026-01-01 120000).md",
        "a (конфликтующая копия пользователя Анна 2026-01-01).md",
        "a (Конфликтующая копия).md",
        "a (SFConflict anna@example.org 2026-01-01-12-00-00).md",
        "a (Case Conflict 1).md",
        "a (case clash from Anna).md",
        "a_conflict-20260101-120000.md",
        "Folder (conflicted copy)/a.md",
    ],
)
def test_files_of_sync_tools(path: str) -> None:
    assert Policy().conflict(path) and Policy().conflict(path.upper())
    assert not any(Policy().allows(path, use) for use in USES)


@pytest.mark.parametrize(
    "path", ["On conflict.md", "Conflicted copy.md", "Copy (1).md", "sync-conflict.md", "syncthing.md"]
)
def test_names_that_only_sound_like_it(path: str) -> None:
    assert not Policy().conflict(path) and Policy().readable(path)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("Templates/daily.md", True),
        ("templates/a/b.md", True),
        ("Work/Шаблоны/день.md", True),
        ("Meta/_templates/x.md", True),
        ("Vorlagen/x.md", True),
        ("Templates.md", False),
        ("My templates/x.md", False),
    ],
)
def test_templates_are_read_and_never_written(path: str, template: bool) -> None:
    policy = Policy(templates=("Vorlagen/", "", "/"), new_notes="")
    assert policy.template(path) is template
    assert policy.readable(path) and policy.writable(path) is not template and policy.creatable(path) is not template


def test_by_default_notes_are_changed_everywhere_and_made_in_one_folder() -> None:
    policy = Policy()
    assert policy.writable("a.md") and policy.writable("A/b.md") and policy.allows("a.md", "write")
    assert policy.creatable("Famulus/a.md") and policy.creatable("famulus/A/b.md")
    assert (
        not policy.creatable("a.md") and not policy.creatable("Famulus.md") and not policy.creatable("Famuluses/a.md")
    )


def test_folders_for_writing() -> None:
    policy = Policy(write_in=("Projects", "Notes/Own/"), new_notes="Inbox")
    assert policy.writable("projects/a.md") and policy.writable("Notes/Own/a.md") and policy.writable("Inbox/a.md")
    assert not policy.writable("a.md") and not policy.writable("Notes/a.md") and policy.readable("Notes/a.md")
    assert policy.creatable("Inbox/a.md") and not policy.creatable("Projects/a.md")
    anywhere = Policy(write_in=("Projects",), new_notes="")
    assert anywhere.creatable("Projects/a.md") and not anywhere.creatable("a.md") and not anywhere.writable("a.md")


@pytest.mark.parametrize("use", USES)
def test_a_rule_denies_what_it_says(use: Use) -> None:
    policy = Policy(rules=(Rule(("Diary", "*.log.md"), (use,)),))
    assert not policy.allows("Diary/a.md", use) and not policy.allows("x.log.md", use)
    assert policy.allows("a.md", use) and policy.readable("Diary/a.md") and policy.restricts(use)
    denied = {other for other in USES if not policy.allows("Diary/a.md", other)}
    assert denied == ({use, "chat"} if use in ("prompt", "embed") else {use})
    assert {other for other in USES if policy.restricts(other)} == denied


def test_no_rule_no_restriction() -> None:
    assert not any(POLICY.restricts(use) for use in USES)


@pytest.mark.parametrize(("use", "quotable"), [("prompt", False), ("search", False), ("links", True), ("write", True)])
def test_what_may_stand_in_another_note(use: Use, quotable: bool) -> None:
    assert Policy(rules=(Rule(("Diary",), (use,)),)).quotable("Diary/a.md") is quotable
    assert not POLICY.quotable("Secret/a.md") and POLICY.quotable("a.md")


def test_a_fingerprint_tells_policies_apart() -> None:
    policies = [Policy(), POLICY, Policy(rules=(Rule(("a",), ("chat",)),)), Policy(write_in=()), Policy(new_notes="")]
    assert len({policy.fingerprint for policy in policies}) == len(policies)
    assert Policy().fingerprint == Policy().fingerprint


def test_the_policy_in_force_changes_for_all_who_hold_it() -> None:
    force = InForce(Policy())
    force.current = POLICY
    assert not force.current.readable("Secret/a.md") and POLICY.current is POLICY


@pytest.mark.parametrize("value", [True, "true", "Yes", 1])
def test_private_notes(value: object) -> None:
    assert POLICY.private({"private": value}) and POLICY.private({"famulus-ignore": value})


@pytest.mark.parametrize("value", [False, None, "no", 0, []])
def test_notes_that_are_not_private(value: object) -> None:
    assert not POLICY.private({"private": value})


@pytest.mark.parametrize(
    ("data", "private"),
    [
        (b"---\nprivate: true\n---\nx", True),
        (b"\xef\xbb\xbf---\r\nprivate: true\r\n---\r\nx", True),
        (b"---\nprivate: true\nbroken: [\n---\nx", True),
        (b"---\nprivate: true\nnever closed", True),
        (b"---\nname: \xe9\nprivate: true\n---\n\xff", True),
        (b"---\nprivate: false\n---\nx", False),
        (b"private: true\n", False),
        (b"x\n---\nprivate: true\n---\n", False),
        (b"---\ntitle: x\n---\nprivate: true\n", False),
        (b"", False),
    ],
)
def test_private_by_the_bytes(data: bytes, private: bool) -> None:
    assert POLICY.private_data(data) is private
