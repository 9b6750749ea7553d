from typing import Any

from rich.text import Text

from daemon.terminal.reviewshow import card, decided, difference, listed, planned, why

LINK: dict[str, Any] = {
    "id": "0123456789abcdef01234567",
    "kind": "link",
    "path": "Folder/a.md",
    "target": "b [x].md",
    "relation": "broader",
    "score": 0.5,
    "reason": "Both are about keys.",
    "evidence": "Keys are sorted.",
    "state": "pending",
    "state_reason": "",
    "detail": {},
    "edit": {"before": "", "after": "- [[b]]\n"},
    "context": None,
    "hidden": False,
}
MENTION = LINK | {
    "kind": "mention",
    "relation": None,
    "edit": {"before": "квантованию", "after": "[[Квантование|квантованию]]"},
    "context": {"before": "по ", "after": " весов."},
}


def plain(text: str) -> str:
    return Text.from_markup(text).plain


def page(*found: dict[str, Any], total: int | None = None, hidden: int = 0) -> dict[str, Any]:
    return {"suggestions": list(found), "total": len(found) if total is None else total, "hidden": hidden}


def test_a_list_shows_notes_kinds_scores_reasons_and_evidence() -> None:
    shown = plain(listed(page(LINK, MENTION)))
    assert shown.count("Folder/a.md") == 1, "once for both"
    for part in ("01234567  b [x].md  link · broader · 0.50", "Both are about keys.", "“Keys are sorted.”"):
        assert part in shown
    assert "по квантованию[[Квантование|квантованию]] весов." in shown


def test_a_reason_that_quotes_the_evidence_says_it_once() -> None:
    assert plain(listed(page(LINK | {"reason": "“Keys are sorted.”"}))).count("Keys are sorted.") == 1


def test_a_list_says_how_much_it_leaves_out() -> None:
    shown = plain(listed(page(LINK, total=7, hidden=1)))
    assert "6 more fit" in shown and "1 more is not shown" in shown
    assert "nothing to decide" in plain(listed(page()))
    assert "nothing more" in plain(listed(page(total=7)))


def test_a_card_and_what_it_would_write() -> None:
    assert "2 of 9  Folder/a.md" in plain(card(MENTION, 2, 9))
    lines = plain(difference(MENTION)).splitlines()
    assert [line.strip() for line in lines] == ["- квантованию", "+ [[Квантование|квантованию]]"]


def test_many_decisions_are_a_number_and_failures_lines() -> None:
    failed = {"id": "ab" * 12, "state": None, "reason": "The note is gone.", "code": "stale"}
    answer = {"count": 3, "done": 2, "run": "r1", "results": [failed]}
    shown = plain(decided(answer, "accept"))
    assert "abababab  not done  The note is gone." in shown and "2 accepted." in shown and "--run r1" in shown
    assert "restore" in plain(decided(answer | {"run": ""}, "reject"))


def test_a_plan_counts_suggestions_and_notes() -> None:
    results = [{"path": "a.md"}, {"path": "a.md"}]
    assert planned({"count": 2, "results": results}, "accept") == "Accept 2 suggestions in 1 note"


def bar(**changed: Any) -> dict[str, Any]:
    nothing = {"decided": 0, "refused": 0}
    blank = {"kind": "link", "chosen": None, "hidden_to": None, "applied_from": None}
    return blank | {"hidden_decisions": nothing, "applied_decisions": nothing, "decisions": nothing} | changed


def test_why_explains_where_the_lines_are() -> None:
    counts = [{"kind": "link", "state": "pending", "count": 9, "hidden": 2}]
    taught = bar(
        chosen=0.6,
        hidden_to=0.4,
        applied_from=0.7,
        hidden_decisions={"decided": 14, "refused": 12},
        applied_decisions={"decided": 30, "refused": 1},
        decisions={"decided": 60, "refused": 20},
    )
    shown = plain(why({"counts": counts, "thresholds": [taught]}))
    for part in ("2 of them not shown", "20 of 60", "0.40 it was 12 of 14", "from 0.70 on", "29 of 30", "reset link"):
        assert part in shown
    few = plain(why({"counts": [], "thresholds": [bar(chosen=0.6)]}))
    assert "from 0.60 on, which is your threshold; too few" in few and "reset" not in few
    assert "no more" in plain(why({"counts": [], "thresholds": [taught | {"chosen": 0.8}]}))
    assert why({"counts": [], "thresholds": []}) == "There are no suggestions."
