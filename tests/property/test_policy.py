"""Whatever the policy: what it keeps from a use never comes up there, and everything else does."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import effort
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.erasure import mentioned
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.pattern import ignores, problem
from vault_sync.policy.policy import USES, Policy, Rule, Use
from vault_sync.search.search import Mode, Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

FOLDERS = ("", "Diary/", "Diary/2026/", "Work/", "Дневник/")
NAMES = ("alpha", "beta", "gamma", "дельта")
PATHS = tuple(VaultPath(f"{folder}{name}.md") for folder in FOLDERS for name in NAMES)
PATTERNS = st.sampled_from(
    ["Diary", "diary/2026", "*alpha*", "Work/beta.md", "дневник", "*.md", "Nowhere", "**/gamma.md"]
)
FILTERS = st.sampled_from(["Diary/", "Wor", "/alpha/", r"/^Дневник\//", "/(/", "/(a+)+$/", "beta.md"])
RULES = st.builds(
    Rule,
    st.lists(PATTERNS, min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from(USES), min_size=1, max_size=3).map(tuple),
)
POLICIES = st.builds(
    Policy,
    exclude=st.lists(PATTERNS.filter(lambda p: p != "*.md"), max_size=2).map(tuple),
    ignored=st.lists(FILTERS, max_size=2).map(tuple),
    rules=st.lists(RULES, max_size=3).map(tuple),
    write_in=st.sampled_from([("",), ("Work",), ()]),
    new_notes=st.sampled_from(["Famulus", "Work", ""]),
)


@contextmanager
def vault() -> Iterator[tuple[Path, Indexer]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "v"
        for number, path in enumerate(PATHS):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"Every note tells of tea. Only this one tells of unique{number}.\n", encoding="utf-8")
        ledger = Ledger(Path(folder) / "index.db")
        indexer = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(), Policy())
        indexer.prepare()
        try:
            yield root, indexer
        finally:
            ledger.close()


def found(indexer: Indexer, policy: Policy, use: Use, mode: Mode) -> set[str]:
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, policy)
    return {passage.path for passage in searcher.search("tea", 100, mode, use=use)}


@settings(max_examples=effort(40), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(POLICIES, min_size=1, max_size=3), st.sampled_from([use for use in USES if use != "write"]))
def test_exactly_what_is_allowed_is_found_whatever_held_before(policies: list[Policy], use: Use) -> None:
    with vault() as (_, indexer):
        for policy in policies:
            indexer.policy = policy
            before = found(indexer, policy, use, "lexical")
            assert all(policy.allows(path, use) for path in before), "also before the index is cleaned"
            indexer.scan()
            allowed = {path for path in PATHS if policy.allows(path, use)}
            assert found(indexer, policy, use, "lexical") == allowed
            embedded = {path for path in allowed if policy.allows(path, "embed")}
            assert found(indexer, policy, use, "dense") == embedded


@settings(max_examples=effort(40), suppress_health_check=[HealthCheck.too_slow])
@given(POLICIES)
def test_the_index_names_and_holds_nothing_that_is_hidden(policy: Policy) -> None:
    with vault() as (root, indexer):
        indexer.scan()
        indexer.policy = policy
        indexer.scan()
        hidden = [path for path in PATHS if not policy.readable(path)]
        files = b"".join(file.read_bytes() for file in root.parent.glob("index.db*"))
        assert not any(f"unique{PATHS.index(path)}.".encode() in files for path in hidden), "not in free pages either"
        assert mentioned(indexer.ledger) == set(indexer.ledger.paths())
        ids = {r[0] for r in indexer.ledger.read().execute("SELECT id FROM occurrences WHERE vector_key != ''")}
        assert indexer.store.ids() == ids
        assert set(indexer.ledger.paths()) == set(PATHS) - set(hidden)


Kind = Literal["readable", "writable", "creatable"]


@given(POLICIES, st.sampled_from(PATHS), st.sampled_from(get_args(Kind)))
def test_more_is_never_allowed_than_is_readable(policy: Policy, path: VaultPath, kind: Kind) -> None:
    asked = {"readable": policy.readable, "writable": policy.writable, "creatable": policy.creatable}
    assert policy.readable(path) or not asked[kind](path)
    assert policy.writable(path) or not policy.creatable(path)
    assert policy.readable(path) or not any(policy.allows(path, use) for use in USES)
    assert policy.allows(path, "prompt") or not policy.allows(path, "chat")


@given(st.text("ab?*+(){}|[]\\/.19,^$<:=!-", max_size=40), st.text("ab/.", max_size=120))
def test_any_filter_is_followed_in_little_time_or_told(inner: str, path: str) -> None:
    text, began = f"/{inner}/", time.thread_time()
    assert isinstance(ignores([text], path), bool)
    assert not (problem(text) and ignores([text], path))
    assert time.thread_time() - began < 2, "of the processor's time, which other work on the machine does not take"
