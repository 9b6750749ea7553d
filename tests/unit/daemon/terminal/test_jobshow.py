from typing import Any

import pytest

from agents.errors import BadRequestError
from daemon.terminal import jobshow
from daemon.terminal.jobcommands import thresholds


def job(**more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": "j1", "kind": "link", "state": "dry_run", "reason": "", "resumes": None, "retry_at": None,
        "wish": {"folder": "", "kinds": ["related", "mention"], "mode": "auto"}, "created_at": 0.0, "changed_at": 0.0,
        "progress": {"done": 5, "total": 20, "failed": 0, "put_off": 0, "seconds_left": {"mean": 7200.0}},
        "found": {"link": {"found": 4, "open": 4}}, "estimate": None, "thresholds": {},
        "estimate_now": {"notes": 20, "sampled": 5, "candidates": None, "requests": None, "tokens": None, "hours": None},
    }  # fmt: skip
    return told | more


def test_a_job_says_how_far_it_is_and_what_comes_next() -> None:
    assert "5 of 20 notes, about 2 h 00 min left" in jobshow.jobs([job()])
    assert "the whole vault; kinds: related, mention" in jobshow.job(job())
    assert "famulus jobs judge j1" in jobshow.job(job(state="judging"))
    paused = jobshow.job(job(state="paused", reason="The [bold]engine is away."))
    assert "famulus jobs resume j1" in paused and "The \\[bold]engine is away." in paused, "text is no markup"
    done = job(state="done", found={"link": {"found": 4, "applied": 3, "left": 1}})
    assert "famulus undo --run j1" in jobshow.job(done) and "3 applied, 1 left" in jobshow.job(done)
    assert "undo" not in jobshow.job(job(state="done")), "nothing was written"
    assert jobshow.jobs([]) == "There are no jobs."


def test_failed_notes_are_named() -> None:
    notes = [{"path": f"{n}.md", "reason": "It is [broken]."} for n in range(12)]
    lines = jobshow.failed(notes)
    assert len(lines) == 11 and "0.md" in lines[0] and "2 more" in lines[-1]
    assert jobshow.failed([]) == []


def test_the_estimate_has_ranges_and_says_what_is_not_known() -> None:
    assert "tokens: not known yet" in jobshow.estimate(job())
    known: dict[str, Any] = {"notes": 5000, "sampled": 8, "requests": None}
    known |= {
        "candidates": {"mean": 9000.0, "low": 6000.0, "high": 12000.0},
        "tokens": {"mean": 7.0, "low": 7.0, "high": 7.0},
    }
    text = jobshow.estimate(job(estimate=known | {"hours": {"mean": 30.0, "low": 20.0, "high": 41.0}}))
    assert (
        "9,000 (6,000 to 12,000) suggestions" in text
        and "30.0 (20.0 to 41.0) hours" in text
        and "about 7 tokens" in text
    )
    text = jobshow.estimate(job(estimate=known | {"hours": {"mean": 0.1, "low": 0.05, "high": 0.2}}))
    assert "6.0 (3.0 to 12.0) minutes" in text


def test_a_judgement_says_what_it_rests_on() -> None:
    precision = {"mean": 0.9, "interval": [0.7, 0.97], "judged": 20}
    kinds = [
        {
            "kind": "link",
            "found": 50,
            "precision": precision,
            "threshold": 2.25,
            "above": 40,
            "precision_above": precision,
        },
        {"kind": "tags", "found": 3, "precision": precision | {"judged": 0}, "threshold": None},
    ]
    text = jobshow.judgement({"kinds": kinds})
    assert "90% (95 % interval 70% to 97%, 20 judged)" in text and "2.25" in text and "40 of them" in text
    assert "precision unknown" in text and "only what you said yes to" in text


def test_a_suggestion_is_shown_with_what_it_changes() -> None:
    edit = {"before": "model", "after": "[[Модель|model]]"}
    each = {
        "path": "A.md",
        "target": "Модель.md",
        "kind": "mention",
        "relation": None,
        "score": 0.9,
        "reason": "",
        "edit": edit,
    }
    shown = jobshow.question(each, 3, 30)
    assert "3 of 30" in shown and "Модель.md" in shown and "[[Модель|model]]" in shown


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(None, None), ([], None), (["2.5"], 2.5), (["link=2.5", "mention=0.8"], {"link": 2.5, "mention": 0.8})],
)
def test_thresholds_for_all_kinds_or_by_kind(given: list[str] | None, wanted: object) -> None:
    assert thresholds(given) == wanted


@pytest.mark.parametrize("given", [["high"], ["link=high"], [""]])
def test_what_is_no_threshold_is_refused(given: list[str]) -> None:
    with pytest.raises(BadRequestError):
        thresholds(given)
