"""`/api/jobs`: work over the whole vault: made, watched, judged, applied, paused."""

from typing import Any, Literal

from fastapi import APIRouter

from daemon import wire_jobs as wire
from daemon.compose import Famulus


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/jobs", tags=["jobs"])
    jobs = famulus.jobs

    @routes.get("")
    async def listed() -> dict[str, Any]:
        """All jobs, the newest first."""
        return {"jobs": [jobs.told(job) for job in jobs.book.all()]}

    @routes.post("")
    async def create(body: wire.JobBody) -> dict[str, Any]:
        """Make a job: it estimates, then makes a dry run, and writes nothing. 409 where one is open.

        `job.progress` among the events tells how far it is.
        """
        return {"job": jobs.told(jobs.create(body.wish(jobs.kinds)))}

    @routes.get("/{job}")
    async def one(job: str) -> dict[str, Any]:
        """One job: state, progress, estimate, what was found and what became of it."""
        return {"job": jobs.told(jobs.book.get(job))}

    @routes.get("/{job}/notes")
    async def notes(job: str, state: Literal["waiting", "done", "failed"] | None = None) -> dict[str, Any]:
        """The notes of a job with what went wrong with them."""
        found = jobs.book.notes(jobs.book.get(job).id, state)
        return {"notes": [wire.job_note_json(each) for each in found if famulus.view.shown(each.path, "links")]}

    @routes.get("/{job}/sample")
    async def sample(job: str) -> dict[str, Any]:
        """The suggestions that are shown for yes or no, in the order of their numbers, and what the answers say so far."""
        return _sample(famulus, job)

    @routes.post("/{job}/judge")
    async def judge(job: str, body: wire.JudgeBody) -> dict[str, Any]:
        """Say yes, no or skip to suggestions of the sample; answers as `sample` does."""
        jobs.judge(job, body.verdicts())
        return _sample(famulus, job)

    @routes.post("/{job}/apply")
    async def apply(job: str, body: wire.ApplyBody) -> dict[str, Any]:
        """The user's word to apply. 409 before all of the sample was judged."""
        return {"job": jobs.told(jobs.apply(job, body.threshold, body.mode))}

    @routes.post("/{job}/pause")
    async def pause(job: str) -> dict[str, Any]:
        """Stop after the present note."""
        return {"job": jobs.told(jobs.pause(job))}

    @routes.post("/{job}/resume")
    async def resume(job: str) -> dict[str, Any]:
        """Go on."""
        return {"job": jobs.told(jobs.resume(job))}

    @routes.post("/{job}/cancel")
    async def cancel(job: str) -> dict[str, Any]:
        """End it for good. What was written stays; take it back with the journal, by `run`, which is the job's id."""
        return {"job": jobs.told(jobs.cancel(job))}

    return routes


def _sample(famulus: Famulus, job: str) -> dict[str, Any]:
    known = famulus.jobs.book.get(job)
    found = [find for find in famulus.jobs.finds.sample(job) if famulus.inbox.shown(find.suggestion)]
    return {
        "suggestions": [wire.find_json(find, famulus.text_of(find.suggestion.path)) for find in found],
        "judgement": famulus.jobs.judgement(known).json(),
    }
