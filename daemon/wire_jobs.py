"""The shapes of `/api/jobs`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.jobs.job import Mode, Verdict, Wish
from agents.jobs.jobbook import JobNote
from agents.jobs.jobfinds import Find
from daemon.wire import suggestion_json


class JobBody(BaseModel):
    """What a new job is to do. Without `kinds` it proposes all kinds; with `wait` it stops after the estimate."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["link"] = "link"
    folder: str = ""
    kinds: list[str] | None = Field(None, min_length=1)
    mode: Mode = "auto"
    sample: int = Field(30, ge=1, le=1000)
    seed: int = 0
    goal: float = Field(0.9, gt=0, le=1)
    wait: bool = False

    def wish(self, all_kinds: tuple[str, ...]) -> Wish:
        """The wish that it means."""
        kinds = tuple(dict.fromkeys(self.kinds)) if self.kinds is not None else all_kinds
        return Wish(self.folder.strip("/"), kinds, self.mode, self.sample, self.seed, self.goal, self.wait)


class JudgementItem(BaseModel):
    """What the user says of one suggestion."""

    id: str
    verdict: Verdict


class JudgeBody(BaseModel):
    """What the user says of suggestions of the sample; the last word on each counts."""

    judgements: list[JudgementItem] = Field(min_length=1)

    def verdicts(self) -> dict[str, Verdict]:
        """By id."""
        return {each.id: each.verdict for each in self.judgements}


class ApplyBody(BaseModel):
    """The user's word. `threshold` is the least score that is applied, for all kinds or by kind; without one it is what
    the job proposes. Without `mode` it is the job's: `auto` writes into the notes, `review` puts into the inbox."""

    model_config = ConfigDict(extra="forbid")

    threshold: float | dict[str, float] | None = None
    mode: Mode | None = None


def find_json(find: Find, text: str | None) -> dict[str, Any]:
    """A suggestion of the sample, with its number and what the user said of it; null where nothing yet."""
    told = suggestion_json(find.suggestion, text)
    return told | {"number": find.drawn, "verdict": find.verdict or None, "outcome": find.outcome or None}


def job_note_json(note: JobNote) -> dict[str, Any]:
    """A note of a job."""
    return {"path": note.path, "state": note.state, "reason": note.reason, "looks": note.looks}
