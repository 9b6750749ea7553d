from daemon.indexing.verifying import MOST, report_json
from vault_sync.checkup.checkup import Report
from vault_sync.checkup.verify import Disagreement
from vault_sync.policy.policy import Policy, Rule


def changed(path: str) -> Disagreement:
    return Disagreement("changed", path, "It was changed since it was indexed.", "The next scan reads it.")


def report(*found: Disagreement) -> Report:
    return Report({"notes": len(found)}, found, found)


def test_notes_that_may_not_be_listed_are_not_named() -> None:
    policy = Policy(rules=(Rule(("Diary",), ("notes",)),))
    told = report_json(report(changed("Diary/a.md"), changed("b.md")), policy)
    assert [each["subject"] for each in told["found"]] == ["", "b.md"] and told["repaired"] == 0


def test_of_many_the_first_are_told() -> None:
    told = report_json(report(*(changed(f"{number}.md") for number in range(MOST + 7))), Policy())["found"]
    assert len(told) == MOST + 1 and told[-1]["message"] == "7 more like this."
