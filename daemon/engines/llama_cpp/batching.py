"""Continuous batching: many prompts and answers share the steps of one model. Knows no model library.

A request waits, gets a sequence of the key-value cache, is read piece by piece, then written token by token; the tokens
of all requests go through the model together. The scheme is Orca's iteration-level scheduling (Yu et al., OSDI 2022).
"""

import time
from collections.abc import Callable, Sequence

from daemon.engines.llama_cpp import prefix, steps
from daemon.engines.llama_cpp.batch_jobs import Held, Job
from daemon.engines.llama_cpp.batch_ports import (
    NO_NUMBERS,
    NO_TOKEN,
    Beginnings,
    Chosen,
    Listener,
    Row,
    Sampler,
    Sequences,
)
from daemon.engines.llama_cpp.draft import continuation
from daemon.engines.llama_cpp.yielding import Yielding
from daemon.engines.worker.errors import WorkerError, no_numbers, no_way_on, of_request
from daemon.engines.worker.requests import Sampling


class Batcher:
    """The requests of one model; `most` answers are written at the same time. For one thread.

    `meanwhile` is called once a step: while a device computes it, where there is one, else before it is computed.
    """

    def __init__(
        self, sequences: Sequences, listener: Listener, most: int, *, drafts: int = 0,
        beginnings: Beginnings | None = None, meanwhile: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        self._sequences = sequences
        self._listener = listener
        self._most = most
        self._drafts = drafts if sequences.partial else 0
        self._beginnings = beginnings if sequences.partial else None
        self._meanwhile = meanwhile
        self._clock = clock
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._held = [Held() for _ in range(sequences.count)]
        self._cancelled: set[int] = set()
        self._order = 0
        self._pace = steps.Pace()
        self._yielding = Yielding(steps.STEP_SECONDS)

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._running or self._waiting)

    @property
    def load(self) -> tuple[int, int]:
        """Requests that are worked on, and that wait."""
        return len(self._running), len(self._waiting)

    def add(self, request: int, prompt: Sequence[int], sampling: Sampling, urgency: int, head: int = 0) -> None:
        """Take a request in; its prompt and answer must fit into `room`. Its first `head` tokens may be kept for good."""
        self._order += 1
        head = head if head >= prefix.WORTH_KEEPING else 0
        head = head if self._beginnings is not None and head < len(prompt) else 0
        self._waiting.append(Job(request, list(prompt), sampling, urgency, self._order, prompt=len(prompt), head=head))

    def cancel(self, request: int) -> None:
        """Let go of a request before the next step."""
        self._cancelled.add(request)

    def step(self) -> bool:
        """One step of the model for everybody; whether there is more to do."""
        self._drop_cancelled()
        self._admit()
        rows, jobs = self._plan()
        only_writing = all(len(row.tokens) == 1 for row in rows)  # what is read may hold `decode` up even so
        aside = self._sequences.aside and only_writing and bool(rows)
        if not aside:
            self._meanwhile()
        if rows:
            self._compute(rows, jobs, aside=aside)
        return self.busy

    def _compute(self, rows: Sequence[Row], jobs: Sequence[Job], *, aside: bool) -> None:
        began = self._clock()
        try:
            self._sequences.decode(rows)
        except WorkerError as error:
            self._fail_all(error)
            return
        if aside:
            self._meanwhile()
        self._take_in(rows, jobs)
        self._sample(rows, jobs)
        self._measure(rows, jobs, self._clock() - began)

    def _measure(self, rows: Sequence[Row], jobs: Sequence[Job], seconds: float) -> None:
        tokens = sum(len(row.tokens) for row in rows)
        self._yielding = self._yielding.after([job.urgency for job in jobs], seconds, self._clock())
        if tokens > 4 * len(rows):  # else it tells more of writing than of reading
            self._pace = self._pace.after(tokens, seconds)

    def _drop_cancelled(self) -> None:
        cancelled, self._cancelled = self._cancelled, set()
        for job in [*self._running, *self._waiting]:
            if job.request in cancelled:
                self._finish(job, "cancelled")
            elif job.written and self._listener.stopped(job.request):
                self._finish(job, "stop")

    def _admit(self) -> None:
        while self._waiting:
            job = min(self._waiting, key=lambda each: (each.urgency, each.order))
            if len(self._running) >= self._most and not self._make_way(job):
                return
            if not self._begin(job) and not self._make_way(job):
                return

    def _make_way(self, job: Job) -> bool:
        """Send the least urgent running job back to wait; what the cache has of it will mostly be there again."""
        last = max(self._running, key=lambda each: (each.urgency, each.order), default=job)
        if last.urgency <= job.urgency:
            return False
        self._running.remove(last)
        self._waiting.append(last)
        self._let_go(last)
        return True

    def _begin(self, job: Job) -> bool:
        busy = {each.sequence for each in self._running}
        self._recall(job, self._kept(busy))
        kept = self._kept(busy)
        reuse = prefix.choose(job.tokens, kept, partial=self._sequences.partial)
        if reuse is None or not self._make_room(job.need, busy, reuse):
            return False
        self._waiting.remove(job)
        if job.sampler is None:
            try:
                job.sampler = self._sequences.sampler(job.sampling)
            except Exception as error:  # noqa: BLE001 - a request that fails, however it does, fails alone
                self._listener.failed(job.request, of_request(error))
                return True
            job.cached = reuse.length
        self._prepare(reuse, kept)
        self._running.append(job)
        job.sequence, job.read = reuse.sequence, reuse.length
        self._held[reuse.sequence].urgency = job.urgency
        job.sampler.attach(job.sequence)
        self._listener.working(job.request)
        return True

    def _kept(self, busy: set[int]) -> list[prefix.Kept]:
        return [
            prefix.Kept(number, held.tokens, number in busy, held.used, held.warm, held.spare(self._order))
            for number, held in enumerate(self._held)
        ]

    def _recall(self, job: Job, kept: Sequence[prefix.Kept]) -> None:
        """Bring a beginning back that the cache does not hold, and a process before this one did."""
        head = job.tokens[: job.head]
        if self._beginnings is None or not head or any(each.tokens[: len(head)] == head for each in kept):
            return
        target = prefix.to_fill(kept)
        state = self._beginnings.find(head) if target is not None else None
        if target is None or state is None:
            return
        restored = self._sequences.restore(target, state, len(head))
        self._held[target] = Held(head if restored else [], self._order, warm=restored)

    def _to_remember(self, job: Job) -> int:
        """Tokens until a beginning is read that nobody has kept yet, 0 where there is none."""
        if self._beginnings is None or job.read >= job.head or self._beginnings.has(job.tokens[: job.head]):
            return 0
        return job.head - job.read

    def _remember(self, job: Job) -> None:
        """Keep the beginning of a prompt for later processes, at the moment when the sequence holds nothing else.

        A copy would not do: copies between caches apart are carried out with the next step only.
        """
        if self._beginnings is not None and job.head and job.read == job.head:
            head = job.tokens[: job.head]
            if not self._beginnings.has(head) and (state := self._sequences.state(job.sequence)):
                self._beginnings.keep(head, state)

    def _prepare(self, reuse: prefix.Reuse, kept: Sequence[prefix.Kept]) -> None:
        warm = prefix.to_keep_warm(reuse, kept)
        if reuse.source is None:
            self._cut(reuse.sequence, reuse.length)
        else:
            self._copy(reuse.source, reuse.sequence, reuse.length)
            if warm is not None:
                self._copy(reuse.source, warm, reuse.length)
                self._held[warm].warm = True
                self._held[warm].used = self._order
            elif self._held[reuse.source].warm:
                self._held[reuse.source].used = self._order
        self._held[reuse.sequence].warm = False

    def _make_room(self, need: int, busy: set[int], reuse: prefix.Reuse) -> bool:
        """Forget idle sequences until so many tokens fit beside what the running requests may come to take."""
        free = self._sequences.room - need - sum(job.need for job in self._running)
        idle = [number for number in range(len(self._held)) if number not in busy and number != reuse.sequence]
        # the source goes last, and of it only what is not shared with its copy
        idle.sort(key=lambda number: (number == reuse.source, self._held[number].warm, self._held[number].used))
        kept = sum(len(self._held[number].tokens) for number in idle)
        for number in idle:
            if kept <= free:
                break
            kept -= len(self._held[number].tokens)
            self._cut(number, reuse.length if number == reuse.source else 0)
        return kept <= free

    def _plan(self) -> tuple[list[Row], list[Job]]:
        taking = self._taking_part()
        writers = [job for job in taking if job.writing]
        readers = sorted((job for job in taking if not job.writing), key=lambda job: (job.urgency, job.order))
        rows: list[Row] = []
        for job in writers:
            job.drafted = self._draft(job) if len(taking) == 1 else []
            tokens = [job.tokens[-1], *job.drafted]
            rows.append(Row(job.sequence, job.read, tokens, len(tokens)))
        budget = self._pace.budget(
            self._sequences.batch,
            answering=any(job.waited_for for job in writers),
            unhurried=not any(job.waited_for for job in taking),
        ) - len(writers)
        given = steps.shares([job.unread for job in readers], [job.urgency for job in readers], max(1, budget))
        for job, share in zip(readers, given, strict=True):
            if share:
                rows.append(job.piece(min(share, self._to_remember(job) or share)))
        taken = [*writers, *(job for job, share in zip(readers, given, strict=True) if share)]
        # in the order of the sequences: caches apart are stepped together where their numbers follow each other
        ordered = sorted(zip(rows, taken, strict=True), key=lambda pair: pair[0].sequence)
        return [row for row, _ in ordered], [job for _, job in ordered]

    def _taking_part(self) -> list[Job]:
        """Of the running requests those for whom something is done in this step."""
        now, urgency = self._clock(), [job.urgency for job in self._running]
        self._yielding = self._yielding.before(urgency, now)
        part = self._yielding.taking_part(urgency, now)
        return [job for job, takes_part in zip(self._running, part, strict=True) if takes_part]

    def _draft(self, job: Job) -> list[int]:
        room = job.sampling.max_tokens - job.written - 1
        return continuation(job.tokens, min(self._drafts, room)) if self._drafts else []

    def _take_in(self, rows: Sequence[Row], jobs: Sequence[Job]) -> None:
        for row, job in zip(rows, jobs, strict=True):
            held = self._held[row.sequence]
            held.tokens.extend(row.tokens)
            held.used = self._order
            job.read += len(row.tokens)
            if not row.outputs:
                self._remember(job)
                self._listener.working(job.request)

    def _sample(self, rows: Sequence[Row], jobs: Sequence[Job]) -> None:
        wanted: list[tuple[Sampler, int, Sequence[int]]] = []
        answered: list[Job] = []
        outputs = 0
        for row, job in zip(rows, jobs, strict=True):
            if row.outputs:
                assert job.sampler is not None
                wanted.append((job.sampler, outputs, job.drafted))
                answered.append(job)
                outputs += row.outputs
        for job, tokens in zip(answered, self._sequences.sample(wanted), strict=True):
            self._write(job, tokens)

    def _write(self, job: Job, tokens: Sequence[Chosen]) -> None:
        if job.drafted:
            refused = len(job.drafted) - (len(tokens) - 1)
            job.drafted = []
            job.read -= refused
            self._cut(job.sequence, job.read)
        for each in tokens:
            if each.token in (NO_TOKEN, NO_NUMBERS):
                if each.token == NO_NUMBERS:
                    self._doubt(job)
                self._leave(job)
                self._listener.failed(job.request, no_way_on() if each.token == NO_TOKEN else no_numbers())
                return
            if self._sequences.ends(each.token):
                self._finish(job, "stop")
                return
            job.tokens.append(each.token)
            self._listener.chosen(job.request, each)
            if job.written >= job.sampling.max_tokens:
                self._finish(job, "length")
                return

    def _doubt(self, job: Job) -> None:
        """Forget what no numbers came of, and what it may be a copy of: the same request would meet it again."""
        busy = {each.sequence for each in self._running if each is not job}
        for number, held in enumerate(self._held):
            if number not in busy and (number == job.sequence or prefix.common(held.tokens, job.tokens)):
                self._cut(number, 0)
        if self._beginnings is not None and job.head:
            self._beginnings.forget(job.tokens[: job.head])

    def _finish(self, job: Job, reason: str) -> None:
        self._leave(job)
        usage = {"prompt": job.prompt, "cached": job.cached, "completion": job.written}
        self._listener.over(job.request, reason, usage)

    def _leave(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
            self._let_go(job)
        else:
            self._waiting.remove(job)
        self._close(job)

    def _let_go(self, job: Job) -> None:
        if job.sampler is not None:
            job.sampler.detach()
        self._held[job.sequence].used = self._order
        job.sequence, job.read, job.drafted = -1, 0, []

    def _fail_all(self, error: WorkerError) -> None:
        for job in self._running:
            self._close(job)
            self._listener.failed(job.request, error)
        self._running.clear()
        for number in range(len(self._held)):
            self._sequences.cut(number, 0)  # the cache may hold a part of the step that is not held here
            self._held[number] = Held()

    def _close(self, job: Job) -> None:
        if job.sampler is not None:
            job.sampler.close()
            job.sampler = None

    def _cut(self, sequence: int, length: int) -> None:
        held = self._held[sequence]
        if len(held.tokens) != length:
            self._sequences.cut(sequence, length)
            del held.tokens[length:]
        if not length:
            held.warm = False

    def _copy(self, source: int, target: int, length: int) -> None:
        self._sequences.copy(source, target, length)
        self._held[target].tokens = self._held[source].tokens[:length]
