"""Each way to keep a note out is named; what names it is the path alone."""

import pytest
from hypothesis import given

from tests.property.test_policy import PATHS, POLICIES
from vault_sync.policy.bars import bar
from vault_sync.policy.policy import USES, Policy, Rule

POLICY = Policy(
    exclude=("Private", "*.log.md"),
    ignored=("Archive/", "/^Old/"),
    rules=(Rule(("Diary",), ("chat",)), Rule(("Diary", "Work"), ("search", "related"))),
)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("Private/a.md", "'Private'"),
        ("x.log.md", "'*.log.md'"),
        ("Archive/a.md", "'Archive/'"),
        ("Older.md", "'/^Old/'"),
        (".trash/a.md", "dot"),
        ("a.sync-conflict-20260101-000000-ABC.md", "sync tool"),
        ("photo.png", "not that of a file"),
        ("Work/a.md", "'Work'"),
        ("Diary/a.md", "'search'"),
    ],
)
def test_the_setting_is_named(path: str, told: str) -> None:
    found = bar(POLICY, path)
    assert found is not None and told in found.cause and found.fix


def test_a_rule_for_another_use_is_no_bar() -> None:
    assert bar(Policy(rules=(Rule(("Diary",), ("chat",)),)), "Diary/a.md") is None
    assert bar(POLICY, "Soup.md") is None


@given(policy=POLICIES)
def test_a_path_is_barred_exactly_where_policy_does_not_allow_it(policy: Policy) -> None:
    for path in PATHS:
        for use in USES:
            if use != "write":
                assert (bar(policy, path, use) is None) == policy.allows(path, use)
