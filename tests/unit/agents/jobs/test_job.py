from dataclasses import replace

import pytest

from agents.jobs import job as rules
from agents.jobs.job import Answers, Job, JobError, Wish


def job(state: rules.JobState = "estimating", **more: object) -> Job:
    return replace(Job("j", "link", state, Wish(), 1.0, 1.0), **more)  # type: ignore[arg-type]


def test_the_estimate_comes_first_and_may_wait_for_the_user() -> None:
    assert rules.estimated(job(), 2.0).state == "dry_run"
    waits = rules.estimated(replace(job(), wish=Wish(wait=True)), 2.0)
    assert (waits.state, waits.resumes, waits.reason) == ("paused", "dry_run", rules.WAITS)
    assert rules.resume(waits, 3.0).state == "dry_run"


@pytest.mark.parametrize("answers", [Answers(30, 29, 29), Answers(30, 30, 0), Answers(0, 0, 0)])
def test_nothing_is_applied_before_the_sample_was_judged(answers: Answers) -> None:
    with pytest.raises(JobError, match="Nothing of the job j was applied"):
        rules.confirm(job("judging"), 2.0, answers, {"link": 1.0}, "auto")


@pytest.mark.parametrize("state", ["estimating", "dry_run", "paused", "applying", "done", "cancelled"])
def test_nothing_is_applied_out_of_another_state(state: rules.JobState) -> None:
    with pytest.raises(JobError):
        rules.confirm(job(state), 2.0, Answers(3, 3, 3), {"link": 1.0}, "auto")


def test_the_users_word_is_kept() -> None:
    applying = rules.confirm(job("judging"), 2.0, Answers(3, 3, 1), {"link": 1.0}, "review")
    assert (applying.state, applying.wish.mode, applying.began_applying) == ("applying", "review", 2.0)
    cases: dict[tuple[str, float | None, str], bool]
    cases = {("link", 1.0, ""): True, ("link", 0.9, ""): False, ("link", 0.1, "yes"): True, ("link", 9.0, "no"): False}
    cases |= {("link", 9.0, "skip"): True, ("other", 9.0, ""): False, ("other", None, "yes"): True}
    assert {case: rules.wanted(applying, *case) for case in cases} == cases


def test_what_is_at_its_end_stays_there() -> None:
    for state in ("done", "failed", "cancelled"):
        for wanted in rules.TRANSITIONS:
            with pytest.raises(JobError):
                rules.become(job(state), wanted, 2.0)


def test_pauses_grow_and_end() -> None:
    pauses = [rules.back_off(tries) for tries in range(1, 9)]
    assert pauses == sorted(pauses) and pauses[0] == rules.FIRST_PAUSE and pauses[-1] == rules.LONGEST_PAUSE
    assert rules.back_off(10**6) == rules.LONGEST_PAUSE
    waiting = rules.failed_once(job("dry_run", tries=1), 10.0, "The engine is away.")
    assert (waiting.state, waiting.tries, waiting.retry_at) == ("paused", 2, 10.0 + rules.back_off(2))
    assert rules.served(rules.resume(waiting, 99.0)).tries == 0


def test_a_note_is_to_blame_when_the_engine_serves_others() -> None:
    assert not rules.gives_up(2, 1, others_wait=True)
    assert rules.gives_up(3, 1, others_wait=True)
    assert not rules.gives_up(50, 50, others_wait=True), "the engine serves nobody"
    assert rules.gives_up(6, 6, others_wait=False), "there is nobody else to ask about"
