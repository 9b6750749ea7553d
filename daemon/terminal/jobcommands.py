"""`famulus link --all` and `famulus jobs`: a job is made or gone on with, watched, judged and applied in the terminal."""

import argparse
import asyncio
import signal
import sys
import time
from typing import Any

from agents.errors import BadRequestError
from daemon.config import Settings
from daemon.terminal import jobshow
from daemon.terminal.client import Client, connect
from daemon.terminal.printing import Terminal
from daemon.terminal.progress import Steps

console = Terminal(highlight=False, soft_wrap=True)

_POLL = 0.4
"""Seconds between looks at how far a job is."""
_SHARE = 20
"""The same in times of what a look takes: those of a large job cost something."""
_WORDS = {"estimating": "Estimating", "dry_run": "Looking at notes", "applying": "Applying"}
_ANSWERS = {"y": "yes", "n": "no", "s": "skip", "q": ""}


async def link_all(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a job for the whole vault, or go on with the one that is open."""
    async with connect(settings, quiet=arguments.json, work=True) as client:
        job = await _open(client)
        if job is None:
            body = {
                "folder": arguments.folder,
                "mode": "review" if arguments.review else "auto",
                "seed": arguments.seed,
                "sample": arguments.sample,
                "wait": arguments.estimate or not (arguments.yes or arguments.json),
            }
            if arguments.kinds:
                body["kinds"] = [kind.strip() for kind in arguments.kinds.split(",")]
            job = (await client.post("/api/jobs", body))["job"]
        else:
            if not arguments.json:
                console.print(f"Going on with the job {job['id']}, which was begun before.")
            job = await _wake(client, job)
        return await _conduct(client, arguments, job)


async def jobs(arguments: argparse.Namespace, settings: Settings) -> int:
    """List jobs, or tell one what to do."""
    action = arguments.action or "list"
    works = action in ("resume", "apply", "judge")
    async with connect(settings, quiet=arguments.json, work=works) as client:
        if action == "list":
            return console.answer(
                data := await client.get("/api/jobs"), jobshow.jobs(data["jobs"]), as_json=arguments.json
            )
        job = await _named(client, arguments.id)
        if action == "show":
            failed = (await client.get(f"/api/jobs/{job['id']}/notes", state="failed"))["notes"]
            return console.answer(
                {"job": job}, "\n".join([jobshow.job(job), *jobshow.failed(failed)]), as_json=arguments.json
            )
        if action == "judge":
            return await _judge_and_apply(client, arguments, job)
        if action == "apply":
            return await _apply(client, arguments, job)
        job = (await client.post(f"/api/jobs/{job['id']}/{action}"))["job"]
        if action == "resume":
            return await _conduct(client, arguments, job)
        return console.answer({"job": job}, jobshow.job(job), as_json=arguments.json)


async def _open(client: Client) -> dict[str, Any] | None:
    found = (await client.get("/api/jobs"))["jobs"]
    return next((job for job in found if job["state"] not in ("done", "failed", "cancelled")), None)


async def _named(client: Client, job: str | None) -> dict[str, Any]:
    """The job of this id; without one the open job, else the newest."""
    if job:
        return dict((await client.get(f"/api/jobs/{job}"))["job"])
    found = await _open(client) or next(iter((await client.get("/api/jobs"))["jobs"]), None)
    if found is None:
        raise BadRequestError("There are no jobs.", "", "Make one with `famulus link --all`.")
    return found


async def _wake(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job, no longer paused, unless it is the estimate that the user is to hear first."""
    if job["state"] != "paused" or _waits(job):
        return job
    return dict((await client.post(f"/api/jobs/{job['id']}/resume"))["job"])


def _waits(job: dict[str, Any]) -> bool:
    """Whether it only waits for the user to have heard the estimate."""
    return bool(
        job["state"] == "paused" and job["wish"]["wait"] and job["resumes"] == "dry_run" and not job["retry_at"]
    )


async def _conduct(client: Client, arguments: argparse.Namespace, job: dict[str, Any]) -> int:
    """Follow a job to the next point at which the user is asked, and ask."""
    job = await _follow(client, job, shown=not arguments.json)
    if _waits(job):
        if not arguments.json:
            console.print(jobshow.estimate(job))
        if getattr(arguments, "estimate", False) or not _agreed(
            arguments, "Begin the dry run? It writes nothing. [Y/n] "
        ):
            return console.answer(
                {"job": job}, f"It waits. Begin:  famulus jobs resume {job['id']}", as_json=arguments.json
            )
        job = (await client.post(f"/api/jobs/{job['id']}/resume"))["job"]
        job = await _follow(client, job, shown=not arguments.json)
    if job["state"] == "judging" and _asks(arguments):
        return await _judge_and_apply(client, arguments, job)
    console.answer({"job": job}, jobshow.job(job), as_json=arguments.json)
    return 1 if job["state"] == "failed" else 0


def _asks(arguments: argparse.Namespace) -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not arguments.json


def _agreed(arguments: argparse.Namespace, question: str) -> bool:
    """Whether the user says yes; where nobody can be asked, what is asked for here does no harm."""
    return not _asks(arguments) or _typed(question) in ("", "y", "yes")


async def _follow(client: Client, job: dict[str, Any], *, shown: bool) -> dict[str, Any]:
    """Show how far a job is until it rests. Ctrl-C pauses it where it runs here, and leaves it alone in a daemon."""
    pause = _POLL
    try:
        with Steps(shown=shown) as steps:
            while job["state"] in _WORDS or (job["state"] == "paused" and job["retry_at"]):
                _show(steps, job)
                await asyncio.sleep(pause)
                began = time.monotonic()
                job = (await client.get(f"/api/jobs/{job['id']}"))["job"]
                pause = max(_POLL, _SHARE * (time.monotonic() - began))
            return job
    except asyncio.CancelledError:
        await _interrupted(client, job)
        raise


async def _interrupted(client: Client, job: dict[str, Any]) -> None:
    if client.alone:
        await client.post(f"/api/jobs/{job['id']}/pause")
        told = f"The job {job['id']} is paused. Go on:  famulus jobs resume {job['id']}"
    else:
        told = f"The job {job['id']} goes on in the daemon. Look again:  famulus jobs show {job['id']}"
    Terminal(stderr=True, highlight=False, soft_wrap=True).print(f"\n{told}")


def _show(steps: Steps, job: dict[str, Any]) -> None:
    progress = job["progress"]
    if job["state"] == "applying":
        counts = job["found"].values()
        total = sum(each["found"] - each.get("left", 0) for each in counts)
        steps.update(total - sum(each.get("open", 0) for each in counts), total, _WORDS["applying"])
    elif job["state"] in _WORDS:
        steps.update(progress["done"], progress["total"], _WORDS["dry_run"])
    else:
        steps.update(progress["done"], progress["total"], f"Waiting: {job['reason']}")


async def _judge_and_apply(client: Client, arguments: argparse.Namespace, job: dict[str, Any]) -> int:
    route = f"/api/jobs/{job['id']}"
    sample = await client.get(f"{route}/sample")
    if not _asks(arguments):
        told = [jobshow.question(each, each["number"], len(sample["suggestions"])) for each in sample["suggestions"]]
        return console.answer(
            sample, "\n\n".join([*told, jobshow.judgement(sample["judgement"])]), as_json=arguments.json
        )
    sample = await _ask_all(client, route, sample)
    left = sum(each["verdict"] is None for each in sample["suggestions"])
    console.print(jobshow.judgement(sample["judgement"]))
    if left:
        console.print(f"{left} are left. Go on:  famulus jobs judge {job['id']}")
        return 0
    typed = _typed("Apply? [y] as proposed, a number as the threshold for all, [n] not now: ")
    if typed in ("", "n", "no", "q"):
        console.print(f"Nothing was applied. Later:  famulus jobs apply {job['id']}")
        return 0
    arguments.threshold = [] if typed in ("y", "yes") else [typed]
    return await _apply(client, arguments, job)


def _typed(question: str) -> str:
    """What the user types; Ctrl-C and Ctrl-D are a `q`. Blocks the loop: nothing is under way while the user is asked."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input(question).strip().lower()
    except (EOFError, KeyboardInterrupt):
        return "q"
    finally:
        signal.signal(signal.SIGINT, before)


async def _ask_all(client: Client, route: str, sample: dict[str, Any]) -> dict[str, Any]:
    """Ask for a yes or no to each that has none yet; each answer is kept at once."""
    total = len(sample["suggestions"])
    for each in [each for each in sample["suggestions"] if each["verdict"] is None]:
        console.print(jobshow.question(each, each["number"], total))
        answer = ""
        while answer not in _ANSWERS:
            answer = _typed("   right? [y]es [n]o [s]kip [q]uit: ")[:1]
        if not _ANSWERS[answer]:
            break
        body = {"judgements": [{"id": each["id"], "verdict": _ANSWERS[answer]}]}
        sample = await client.post(f"{route}/judge", body)
    return sample


async def _apply(client: Client, arguments: argparse.Namespace, job: dict[str, Any]) -> int:
    body: dict[str, Any] = {"threshold": thresholds(arguments.threshold)}
    if getattr(arguments, "review", False):
        body["mode"] = "review"
    job = (await client.post(f"/api/jobs/{job['id']}/apply", body))["job"]
    job = await _follow(client, job, shown=not arguments.json)
    console.answer({"job": job}, jobshow.job(job), as_json=arguments.json)
    return 1 if job["state"] == "failed" else 0


def thresholds(given: list[str] | None) -> float | dict[str, float] | None:
    """`2.9` is one for all kinds, `link=2.9` one of a kind; None where nothing was given. Raises BadRequestError."""
    found: dict[str, float] = {}
    try:
        for each in given or []:
            kind, equals, number = each.rpartition("=")
            if not equals and len(given or []) == 1:
                return float(number)
            found[kind] = float(number)
    except ValueError:
        raise BadRequestError("Nothing was applied.", f"{given} is no threshold.", "Give 2.9, or link=2.9.") from None
    return found or None
