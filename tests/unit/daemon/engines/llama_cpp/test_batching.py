"""The batcher over a cache that keeps count of its cells, with a model whose next token depends on every token before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.engines.llama_cpp.batch_ports import NO_NUMBERS, Chosen, Row, Sampler
from daemon.engines.llama_cpp.batching import Batcher
from daemon.engines.llama_cpp.chance import Chance
from daemon.engines.worker.errors import WorkerError, broke_off
from daemon.engines.worker.requests import BULK, INTERACTIVE, SAVE, Sampling

END = 0
VOCABULARY = 6
"""Few tokens: texts repeat themselves, so that drafts are sometimes right and sometimes wrong."""


def following(tokens: Sequence[int]) -> int:
    """The token that the model says after these."""
    return crc32(bytes(tokens[-9:]) + bytes([len(tokens) % 11])) % VOCABULARY


def said_alone(prompt: Sequence[int], most: int) -> list[int]:
    tokens = list(prompt)
    while len(tokens) < len(prompt) + most and (token := following(tokens)) != END:
        tokens.append(token)
    return tokens[len(prompt) :]


class Cells:
    """A cache of cells; sequences that were copied share them."""

    def __init__(self, sequences: int, room: int, batch: int, *, partial: bool = True, aside: bool = False) -> None:
        self.count, self.room, self.batch, self.partial, self.aside = sequences, room, batch, partial, aside
        self.held: list[list[tuple[int, int]]] = [[] for _ in range(sequences)]
        self.outputs: list[list[int]] = []
        self.steps: list[list[Row]] = []
        self.samplers = 0
        self.broken = False
        self.model: Callable[[Sequence[int]], int] = following
        self._number = count()

    def decode(self, rows: Sequence[Row]) -> None:
        self.steps.append(list(rows))
        if self.broken:
            self.broken = False
            self.held[rows[0].sequence].append((next(self._number), rows[0].tokens[0]))  # as far as it came
            raise broke_off(-3)
        self.outputs = []
        for row in rows:
            held = self.held[row.sequence]
            assert row.start == len(held)
            for place, token in enumerate(row.tokens, 1):
                held.append((next(self._number), token))
                if place > len(row.tokens) - row.outputs:
                    self.outputs.append([each for _, each in held])
        assert len({cell for held in self.held for cell, _ in held}) <= self.room

    def cut(self, sequence: int, length: int) -> None:
        assert self.partial or length in (0, len(self.held[sequence]))
        del self.held[sequence][length:]

    def copy(self, source: int, target: int, length: int) -> None:
        self.held[target] = self.held[source][:length]

    def state(self, sequence: int) -> bytes:
        return bytes(token for _, token in self.held[sequence])

    def restore(self, sequence: int, state: bytes, length: int) -> bool:
        whole = len(state) == length
        self.held[sequence] = [(next(self._number), token) for token in state] if whole else []
        return whole

    def sampler(self, sampling: Sampling) -> "Following":
        if sampling.grammar:
            raise WorkerError("bad_request", "No.", "The grammar is wrong.", "Mend it.")
        self.samplers += 1
        return Following(self)

    def sample(self, wanted: Sequence[tuple[Sampler, int, Sequence[int]]]) -> list[list[Chosen]]:
        return [self._of(*each) for each in wanted]

    def ends(self, token: int) -> bool:
        return token == END

    def _of(self, sampler: Sampler, output: int, draft: Sequence[int]) -> list[Chosen]:
        found: list[Chosen] = []
        for number in range(len(draft) + 1):
            found.append(sampler.sampled(output + number))
            if number < len(draft) and found[-1].token != draft[number]:
                break
        return found


@dataclass
class Following:
    cells: Cells
    attached: bool = False
    on_device: bool = True
    plain: bool = True

    def attach(self, _: int) -> None:
        assert not self.attached
        self.attached = True

    def detach(self) -> None:
        self.attached = False

    @property
    def chance(self) -> Chance:
        raise NotImplementedError

    def sample(self, logits: NDArray[np.float32]) -> Chosen:
        raise NotImplementedError

    def seen(self, token: int, logits: NDArray[np.float32]) -> int:
        raise NotImplementedError

    def sampled(self, output: int) -> Chosen:
        assert self.attached
        return Chosen(self.cells.model(self.cells.outputs[output]))

    def close(self) -> None:
        self.detach()
        self.cells.samplers -= 1


@dataclass
class Heard:
    said: dict[int, list[int]] = field(default_factory=dict)
    ended: dict[int, tuple[str, dict[str, int]]] = field(default_factory=dict)
    errors: dict[int, WorkerError] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)

    def working(self, request: int) -> None:
        assert request not in self.ended

    def chosen(self, request: int, token: Chosen) -> None:
        self.said.setdefault(request, []).append(token.token)

    def over(self, request: int, reason: str, usage: dict[str, int]) -> None:
        assert request not in self.ended
        self.ended[request] = (reason, usage)

    def failed(self, request: int, error: WorkerError) -> None:
        self.errors[request] = error

    def stopped(self, request: int) -> bool:
        return len(self.said.get(request, [])) >= self.stops.get(request, 1 << 30)


def prompts(longest: int = 24) -> st.SearchStrategy[list[int]]:
    beginnings = st.sampled_from([[], [1, 2, 3] * 6, [1, 2, 3] * 3 + [4] * 9])
    rest = st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=longest - 18)
    return st.builds(list.__add__, beginnings, rest)


requests = st.lists(
    st.tuples(prompts(), st.integers(1, 12), st.sampled_from([INTERACTIVE, BULK]), st.integers(0, 9)),
    min_size=1,
    max_size=9,
)


def drive(batcher: Batcher) -> None:
    for _ in range(2000):
        if not batcher.busy:
            return
        batcher.step()
    raise AssertionError("It never ends.")


@given(requests, st.integers(1, 4), st.integers(1, 16), st.integers(0, 4), st.booleans())
def test_everybody_hears_what_they_would_hear_alone(
    asked: list[tuple[list[int], int, int, int]], most: int, batch: int, drafts: int, partial: bool
) -> None:
    cells, heard = Cells(2 * most + 2, 36 * most, max(batch, most), partial=partial), Heard()
    ticks = count()
    batcher = Batcher(cells, heard, most, drafts=drafts, clock=lambda: float(next(ticks)))
    for request, (prompt, limit, urgency, pause) in enumerate(asked):
        batcher.add(request, prompt, Sampling(limit), urgency)
        for _ in range(pause):
            batcher.step()
    drive(batcher)
    for request, (prompt, limit, _, _) in enumerate(asked):
        alone = said_alone(prompt, limit)
        reason, usage = heard.ended[request]
        assert heard.said.get(request, []) == alone
        assert reason == ("length" if len(alone) == limit else "stop")
        assert (usage["prompt"], usage["completion"]) == (len(prompt), len(alone))
        assert 0 <= usage["cached"] < len(prompt)
    assert cells.samplers == 0
    assert all(sum(len(row.tokens) for row in step) <= max(batch, most) + most * (drafts + 1) for step in cells.steps)


@given(requests, st.sets(st.integers(0, 8)), st.integers(0, 30))
def test_who_is_cancelled_hears_no_more_and_the_others_hear_all(
    asked: list[tuple[list[int], int, int, int]], cancelled: set[int], after: int
) -> None:
    cells, heard = Cells(6, 72, 8), Heard()
    batcher = Batcher(cells, heard, 2)
    for request, (prompt, limit, urgency, _) in enumerate(asked):
        batcher.add(request, prompt, Sampling(limit), urgency)
    for _ in range(after):
        batcher.step()
    before = {request: len(heard.said.get(request, [])) for request in cancelled}
    for request in cancelled:
        batcher.cancel(request)
    drive(batcher)
    for request, (prompt, limit, _, _) in enumerate(asked):
        said = heard.said.get(request, [])
        if request in cancelled:
            assert len(said) == before[request]
        else:
            assert said == said_alone(prompt, limit)
        assert request in heard.ended
    assert cells.samplers == 0


def test_a_conversation_that_goes_on_reads_only_what_is_new() -> None:
    cells, heard = Cells(4, 200, 64), Heard()
    batcher = Batcher(cells, heard, 1)
    first = [1, 2, 3, 4, 5] * 8
    batcher.add(0, first, Sampling(4), INTERACTIVE)
    drive(batcher)
    second = [*first, *heard.said.get(0, []), 5, 4, 3]
    batcher.add(1, second, Sampling(4), INTERACTIVE)
    drive(batcher)
    assert heard.ended[1][1]["cached"] >= len(first)


def test_another_conversation_copies_the_beginning_and_leaves_the_first_alone() -> None:
    cells, heard = Cells(4, 400, 64), Heard()
    batcher = Batcher(cells, heard, 1)
    system = [1, 2, 3, 4, 5] * 14
    texts = [[*system, *[number] * 90] for number in (1, 2)]
    for turn in range(2):
        for number, text in enumerate(texts):
            batcher.add(2 * turn + number, text, Sampling(1), INTERACTIVE)
            drive(batcher)
    cached = [heard.ended[request][1]["cached"] for request in range(4)]
    assert cached[0] == 0
    assert len(system) <= cached[1] <= len(system) + 1
    assert cached[2:] == [len(text) - 1 for text in texts]


class Kept(dict[tuple[int, ...], bytes]):
    def has(self, tokens: Sequence[int]) -> bool:
        return tuple(tokens) in self

    def find(self, tokens: Sequence[int]) -> bytes | None:
        return self.get(tuple(tokens))

    def keep(self, tokens: Sequence[int], state: bytes) -> None:
        self[tuple(tokens)] = state

    def forget(self, tokens: Sequence[int]) -> None:
        self.pop(tuple(tokens), None)


def answered(kept: Kept, texts: Sequence[Sequence[int]], head: int, sequences: int = 4) -> list[int]:
    """How many tokens each of these prompts had read already, in a process of its own."""
    cells, heard = Cells(sequences, 800, 64), Heard()
    batcher = Batcher(cells, heard, 1, beginnings=kept)
    for number, text in enumerate(texts):
        batcher.add(number, text, Sampling(3), INTERACTIVE, head)
        drive(batcher)
        assert heard.said.get(number, []) == said_alone(text, 3)
    return [heard.ended[number][1]["cached"] for number in range(len(texts))]


def test_a_beginning_outlives_the_process_and_nothing_else_of_a_prompt_does() -> None:
    kept, system = Kept(), [1, 2, 3, 4, 5] * 14
    assert answered(kept, [[*system, 1, 1]], len(system))[0] == 0
    assert kept == {tuple(system): bytes(system)}
    other = Kept()
    assert answered(other, [[*system, 1, 1]], len(system), sequences=1) == [0] and other == kept
    assert answered(kept, [[*system, 2, 2], [*system, 3, 3]], len(system)) == [len(system), len(system)]
    assert answered(kept, [[*system, 4, 4]], len(system), sequences=1) == [len(system)]


def test_a_beginning_that_is_short_or_damaged_is_read() -> None:
    kept, system = Kept(), [1, 2, 3, 4, 5] * 14
    assert answered(kept, [[*system, 1]], 20) == [0] and not kept
    kept[tuple(system)] = b"no state"
    assert answered(kept, [[*system, 1]], len(system)) == [0]


def test_an_urgent_request_passes_a_bulk_one_which_then_goes_on() -> None:
    cells, heard = Cells(4, 400, 64), Heard()
    batcher = Batcher(cells, heard, 1)
    bulk, urgent = next(([1, 2, seed], [3, seed]) for seed in range(1, 255) if len(said_alone([1, 2, seed], 20)) == 20)
    batcher.add(0, bulk, Sampling(20), BULK)
    for _ in range(5):
        batcher.step()
    batcher.add(1, urgent, Sampling(3), INTERACTIVE)
    while 1 not in heard.ended:
        batcher.step()
    assert 0 not in heard.ended
    drive(batcher)
    assert heard.said[0] == said_alone(bulk, 20)
    assert sum(len(row.tokens) for step in cells.steps for row in step) < len(bulk) + 20 + len(urgent) + 3 + 2


def timed(cells: Cells) -> Callable[[], float]:
    """A clock by which each token takes a millisecond, and each step two more."""
    return lambda: sum(0.002 + 0.001 * sum(len(row.tokens) for row in step) for step in cells.steps)


def tokens_of(steps: Sequence[Sequence[Row]], sequences: set[int]) -> int:
    return sum(len(row.tokens) for step in steps for row in step if row.sequence in sequences)


def long_answer(*beginning: int) -> list[int]:
    seeds = ([*beginning, one, other] for one in range(1, 255) for other in range(1, 255))
    return next(prompt for prompt in seeds if len(said_alone(prompt, 30)) == 30)


@pytest.mark.parametrize("urgency", [SAVE, BULK])
@pytest.mark.parametrize("at_once", [1, 3])
def test_beside_bulk_a_question_reads_and_writes_as_if_it_were_alone(urgency: int, at_once: int) -> None:
    cells, heard = Cells(8, 40000, 128), Heard()
    batcher = Batcher(cells, heard, 4, clock=timed(cells))
    for number in range(at_once):
        batcher.add(number, [1 + number] * 2000, Sampling(5), urgency)
    for _ in range(3):
        batcher.step()
    assert all(sum(len(row.tokens) for row in step) <= 100 for step in cells.steps[1:]), "somebody may come"
    before, prompt = len(cells.steps), long_answer(5, 4, 3) * 8
    batcher.add(9, prompt, Sampling(3), INTERACTIVE)
    while 9 not in heard.ended:
        batcher.step()
    assert heard.said[9] == said_alone(prompt, 3)
    assert [sum(len(row.tokens) for row in step) for step in cells.steps[before:]] == [len(prompt), 1, 1]
    drive(batcher)
    for number in range(at_once):
        assert heard.said.get(number, []) == said_alone([1 + number] * 2000, 5)
    assert tokens_of(cells.steps, set(range(8))) <= at_once * 2005 + len(prompt) + 3, "nothing is read twice"


@pytest.mark.parametrize("length", [20, 2000])
def test_bulk_gets_its_share_beside_questions_that_never_end(length: int) -> None:
    cells, heard = Cells(8, 40000, 128), Heard()
    batcher = Batcher(cells, heard, 4, clock=timed(cells))
    batcher.add(0, [1] * 600, Sampling(20), BULK)
    batcher.step()
    asked = 0
    while 0 not in heard.ended:
        if sum(batcher.load) < 3:
            asked += 1
            batcher.add(asked, [2, asked % 6] * (length // 2), Sampling(40), INTERACTIVE)
        batcher.step()
        assert asked < 500, "it is stopped for ever"
    assert asked > 2
    mixed = [step for step in cells.steps if len({row.sequence for row in step}) > 1]
    assert heard.said.get(0, []) == said_alone([1] * 600, 20)
    assert len(mixed) < len(cells.steps)


def test_a_question_that_finds_no_room_sets_bulk_aside() -> None:
    cells, heard = Cells(6, 120, 64), Heard()
    batcher = Batcher(cells, heard, 4, clock=timed(cells))
    first, second = long_answer(1, 2), long_answer(3, 4)
    batcher.add(0, first, Sampling(50), BULK)
    batcher.add(1, second, Sampling(50), BULK)
    for _ in range(4):
        batcher.step()
    batcher.add(2, [5] * 30, Sampling(40), INTERACTIVE)
    batcher.step()
    assert heard.said.get(2) or 2 in heard.ended
    drive(batcher)
    assert heard.said[0] == said_alone(first, 50)
    assert heard.said[1] == said_alone(second, 50)


def test_bulk_does_not_put_a_conversation_out_of_the_cache() -> None:
    cells, heard = Cells(4, 2000, 64), Heard()
    batcher = Batcher(cells, heard, 4)
    chat = [1, 2, 3, 4, 5] * 8
    batcher.add(0, chat, Sampling(4), INTERACTIVE)
    drive(batcher)
    for number in range(1, 9):
        batcher.add(number, [number % 6, number // 6, 5] * 30, Sampling(4), BULK)
        drive(batcher)
    batcher.add(9, [*chat, *heard.said.get(0, []), 3], Sampling(4), INTERACTIVE)
    drive(batcher)
    assert heard.ended[9][1]["cached"] >= len(chat)


def test_a_stop_string_ends_an_answer_within_a_step() -> None:
    cells, heard = Cells(4, 400, 64), Heard(stops={0: 3})
    batcher = Batcher(cells, heard, 1)
    prompt = next([1, seed] for seed in range(1, 255) if len(said_alone([1, seed], 20)) == 20)
    batcher.add(0, prompt, Sampling(20), INTERACTIVE)
    drive(batcher)
    assert heard.ended[0][0] == "stop"
    assert len(heard.said[0]) == 3


def test_a_wrong_grammar_stops_nobody_else() -> None:
    cells, heard = Cells(4, 400, 64), Heard()
    batcher = Batcher(cells, heard, 1)
    batcher.add(0, [1], Sampling(3, grammar="("), INTERACTIVE)
    batcher.add(1, [1, 2], Sampling(3), INTERACTIVE)
    drive(batcher)
    assert heard.errors[0].event["code"] == "bad_request"
    assert heard.said.get(1, []) == said_alone([1, 2], 3)


def test_what_nobody_foresaw_of_a_request_stops_nobody_else() -> None:
    class Choosy(Cells):
        def sampler(self, sampling: Sampling) -> Following:
            if sampling.seed == -5:
                raise ValueError("expected non-negative integer")
            return super().sampler(sampling)

    cells, heard = Choosy(4, 400, 64), Heard()
    batcher = Batcher(cells, heard, 2)
    for request, seed in enumerate((1, -5, 2)):
        batcher.add(request, [1, 2], Sampling(3, seed=seed), INTERACTIVE)
    drive(batcher)
    assert heard.errors.keys() == {1} and "ValueError" in heard.errors[1].event["cause"]
    assert heard.said[0] == heard.said[2] == said_alone([1, 2], 3)


def test_no_numbers_end_their_own_answer_and_leave_nothing_behind() -> None:
    cells, heard, saved = Cells(4, 400, 64), Heard(), Kept()
    system, poison = [1, 2, 3, 4] * 20, VOCABULARY
    cells.model = lambda tokens: NO_NUMBERS if poison in tokens else following(tokens)
    batcher = Batcher(cells, heard, 2, beginnings=saved)
    for request, rest in enumerate(([1], [2, poison, 1], [3])):
        batcher.add(request, [*system, *rest], Sampling(8), INTERACTIVE, head=len(system))
        if request != 1:
            drive(batcher)
    assert heard.errors.keys() == {1} and "NaN" in heard.errors[1].event["cause"]
    assert heard.said[2] == said_alone([*system, 3], 8) and heard.ended.keys() == {0, 2}
    assert not any(poison in [token for _, token in held] for held in cells.held)
    assert cells.samplers == 0


def test_a_beginning_of_which_no_numbers_came_is_read_anew() -> None:
    cells, heard, saved = Cells(4, 400, 64), Heard(), Kept()
    system = [1, 2, 3, 4] * 20
    batcher = Batcher(cells, heard, 2, beginnings=saved)
    for request, model in enumerate((following, lambda _: NO_NUMBERS, following)):
        cells.model = model
        batcher.add(request, [*system, 1], Sampling(3), INTERACTIVE, head=len(system))
        drive(batcher)
        assert bool(saved) is (request != 1)
    assert heard.errors.keys() == {1} and heard.ended[2][1]["cached"] == 0


def test_a_broken_step_is_told_to_all_and_the_next_request_is_answered() -> None:
    cells, heard = Cells(6, 400, 64), Heard()
    batcher = Batcher(cells, heard, 2)
    batcher.add(0, [1] * 30, Sampling(5), INTERACTIVE)
    batcher.add(1, [2] * 30, Sampling(5), INTERACTIVE)
    cells.broken = True
    drive(batcher)
    assert sorted(heard.errors) == [0, 1]
    assert not any(cells.held)
    batcher.add(2, [1] * 30, Sampling(5), INTERACTIVE)
    drive(batcher)
    assert heard.said.get(2, []) == said_alone([1] * 30, 5)
    assert heard.ended[2][1]["cached"] == 0


def test_drafts_that_are_right_save_steps() -> None:
    taken = []
    for drafts in (0, 4):
        cells, heard = Cells(4, 400, 64), Heard()
        cells.model = lambda tokens: tokens[-3]
        batcher = Batcher(cells, heard, 1, drafts=drafts)
        batcher.add(0, [1, 2, 3] * 4, Sampling(30), INTERACTIVE)
        drive(batcher)
        assert heard.said[0] == [1, 2, 3] * 10
        taken.append(len(cells.steps))
    assert taken == [30, 7]


@pytest.mark.parametrize("remaining", [4000, 400])
def test_a_short_prompt_is_read_in_one_step_beside_a_long_one(remaining: int) -> None:
    cells, heard = Cells(6, 20000, 128), Heard()
    batcher = Batcher(cells, heard, 2)
    batcher.add(0, [1] * remaining, Sampling(1), INTERACTIVE)
    batcher.step()
    batcher.add(1, [2] * 20, Sampling(1), INTERACTIVE)
    batcher.step()
    assert 1 in heard.ended or heard.said.get(1)
    assert sum(len(row.tokens) for row in cells.steps[-1]) <= 20 + 128 // 4


@pytest.mark.parametrize(("aside", "said"), [(False, [0, 1, 2]), (True, [0, 2, 3])])
def test_what_was_chosen_is_said_while_a_device_computes_the_next_step(aside: bool, said: list[int]) -> None:
    cells, heard = Cells(2, 64, 8, aside=aside), Heard()
    steps_before: list[int] = []
    batcher = Batcher(cells, heard, 1, meanwhile=lambda: steps_before.append(len(cells.steps)))
    prompt = next([1, token] for token in range(2, VOCABULARY) if len(said_alone([1, token], 3)) == 3)
    batcher.add(0, prompt, Sampling(3), INTERACTIVE)
    drive(batcher)
    assert steps_before == said, "a prompt is read after it, a token is written meanwhile"
