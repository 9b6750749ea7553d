"""The worker process with real weights: what shows only below the ports."""

import asyncio
import os
import queue
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.errors import BadRequestError, EngineError, EngineLoadingError
from agents.ports import ChatDelta, ChatRequest, Message, Tool
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_chat_engine, build_embedder
from daemon.engines.llama_cpp.chat import LlamaCppEngine, llama_worker
from daemon.engines.llama_cpp.embedder import LlamaCppEmbedder
from daemon.engines.llama_cpp.native.lazy_grammar import depth_of
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.process import Event
from daemon.engines.worker.worker import Worker
from tests.effort import LONG as PATIENCE
from tests.fakes import poisoned, templates, tiny_adapter

pytestmark = pytest.mark.slow
STARTER = EngineSpec("small", "llama_cpp", "starter:smollm2", context=4096)
SAMPLING = {"max_tokens": 4, "stop": [], "grammar": 'root ::= "yes"'}


@pytest.fixture
def weights() -> Path:
    try:
        return resolve_model(STARTER)
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")


@pytest.fixture
def worker(weights: Path) -> Iterator[Worker]:
    made = llama_worker(STARTER)
    yield made
    made.close()


def test_a_prompt_that_is_being_read_is_left_within_a_piece(worker: Worker) -> None:
    process = worker.start().result(PATIENCE)
    messages = [{"role": "user", "content": "a fox and a crow " * 400}]

    def chat(cancel_after: int) -> Event:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        request = process.open(events.put)
        process.send({"op": "chat", "id": request, "messages": messages, "sampling": SAMPLING})
        heard = 0
        while (event := events.get(timeout=PATIENCE))["event"] in ("working", "token"):
            heard += 1
            if heard == cancel_after:
                process.send({"op": "cancel", "id": request})
        return event

    left = chat(cancel_after=2)
    assert (left["event"], left["usage"]["completion"]) == ("done", 0)
    again = chat(cancel_after=0)
    assert again["usage"]["completion"] > 0
    assert again["usage"]["cached"] < again["usage"]["prompt"] - 128


async def test_a_model_cut_short_is_refused_before_it_is_loaded(weights: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.gguf"
    with weights.open("rb") as whole:
        short.write_bytes(whole.read(weights.stat().st_size - 1000))
    engine = build_chat_engine(EngineSpec("small", "llama_cpp", str(short)))
    assert isinstance(engine, LlamaCppEngine)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert "not whole" in caught.value.cause
    assert engine.state == "failed"


async def test_what_is_no_model_of_a_known_kind_says_so(weights: Path, tmp_path: Path) -> None:
    unknown, adapter = tmp_path / "unknown.gguf", tiny_adapter.write(tmp_path / "adapter.gguf", weights)
    name = b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llam"
    data = weights.read_bytes()
    assert name + b"a" in data
    unknown.write_bytes(data.replace(name + b"a", name + b"9"))
    for file, cause in ((unknown, "Its architecture 'llam9' is not known"), (adapter, "a LoRA adapter")):
        engine = build_chat_engine(EngineSpec("small", "llama_cpp", str(file), threads=1))
        assert isinstance(engine, LlamaCppEngine)
        with pytest.raises(EngineError) as caught:
            await engine.start()
        assert cause in caught.value.cause
        engine.close()


def test_a_text_without_numbers_is_an_error_and_spoils_no_other(poison: Path) -> None:
    made = build_embedder(EngineSpec("v", "llama_cpp", str(poison), context=256, threads=1, pooling="mean"))
    assert isinstance(made, LlamaCppEmbedder)
    try:
        with pytest.raises(EngineError) as caught:
            made.embed_passages(["fox", "Hi ~ there", "crow"])
        assert "'Hi ~ there'" in caught.value.cause
        assert np.isfinite(made.embed_passages(["fox", "crow"])).all()
    finally:
        made.close()


async def test_a_device_that_is_not_there_is_refused_with_those_that_are(weights: Path) -> None:
    engine = build_chat_engine(EngineSpec("small", "llama_cpp", str(weights), devices=("CUDA77",)))
    assert isinstance(engine, LlamaCppEngine)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert "CUDA77" in caught.value.cause
    assert "CPU" in caught.value.cause
    engine.close()


LONG = ChatRequest((Message("user", "Tell me a very long story."),), max_tokens=600)


@pytest.fixture
def engine(weights: Path) -> Iterator[LlamaCppEngine]:
    made = build_chat_engine(EngineSpec("small", "llama_cpp", str(weights), context=2048))
    assert isinstance(made, LlamaCppEngine)
    yield made
    made.close()


async def said(engine: LlamaCppEngine, request: ChatRequest) -> list[ChatDelta]:
    return [delta async for delta in engine.stream(request)]


async def test_answers_come_side_by_side(engine: LlamaCppEngine) -> None:
    order: list[int] = []

    async def listen(number: int) -> None:
        async for _ in engine.stream(ChatRequest((Message("user", f"Count to {number}."),), max_tokens=24)):
            order.append(number)

    await asyncio.gather(*(listen(number) for number in range(3)))
    finished = [max(index for index, each in enumerate(order) if each == number) for number in range(3)]
    begun = [order.index(number) for number in range(3)]
    assert max(begun) < min(finished)


@pytest.mark.parametrize("sampling", [{}, {"temperature": 1.0}, {"temperature": 1.0, "top_k": 40, "logprobs": 2}])
async def test_a_grammar_that_allows_no_token_ends_its_answer_and_no_other(
    engine: LlamaCppEngine, sampling: dict[str, Any]
) -> None:
    """llama.cpp ends the whole process where it is told a token that its grammar refuses."""
    asked = (Message("user", "Count."),)
    text = " ".join(str(number) for number in range(40))
    beside = engine.stream(ChatRequest(asked, max_tokens=200, grammar=f'root ::= "{text}"'))
    heard = (await anext(beside)).text
    with pytest.raises(BadRequestError) as caught:
        await said(engine, ChatRequest(asked, 8, grammar=r'root ::= "a" [^\x00-\U0010FFFF]', **sampling))
    assert "grammar" in caught.value.cause
    assert heard + "".join([delta.text async for delta in beside]) == text


@pytest.mark.parametrize(
    "form",
    [
        {"type": "string", "maxLength": 20_000},
        {"type": "array", "items": {"type": "integer"}, "minItems": 10**9},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 10**9},
    ],
)
async def test_counts_too_large_for_a_grammar_are_left_to_the_model(
    engine: LlamaCppEngine, form: dict[str, object]
) -> None:
    """llama.cpp reads what may come so often as a nesting as deep, and the process ends where that is too deep."""
    text = "".join(
        delta.text for delta in await said(engine, ChatRequest((Message("user", "Count."),), 8, json_schema=form))
    )
    assert text.startswith('"' if form["type"] == "string" else "[")


@pytest.mark.parametrize(
    "form",
    [
        {"grammar": "root ::= " + "(" * 50_000 + '"a"' + ")" * 50_000},
        {"json_schema": {"type": "string", "pattern": "^(a|b){1,100000}$"}},
        {"json_schema": {"type": "string", "pattern": "^[]]$"}},
        {"grammar": 'root ::= "a"{5,3}'},
        {"grammar": 'root ::= "b" r0\n' + "".join(f"r{n} ::= r{n + 1} r{n + 1}\n" for n in range(25)) + 'r25 ::= "a"?'},
        {"grammar": "root ::= r0\n" + "".join(f"r{n} ::= r{n + 1}\n" for n in range(200_000)) + 'r200000 ::= "a"'},
    ],
)
async def test_a_grammar_that_is_too_much_to_read_is_refused_and_ends_no_other(
    engine: LlamaCppEngine, form: dict[str, Any]
) -> None:
    asked = (Message("user", "Count."),)
    await said(engine, ChatRequest(asked, 1))
    pid = engine.pid
    with pytest.raises(BadRequestError):
        await said(engine, ChatRequest(asked, 8, **form))
    await said(engine, ChatRequest(asked, 1))
    assert engine.pid == pid


async def test_other_answers_go_on_while_a_schema_is_tried(engine: LlamaCppEngine) -> None:
    asked = (Message("user", "Count."),)
    hanging = ChatRequest(asked, 1, json_schema={"type": "string", "pattern": "^[]]$"})
    refused: asyncio.Task[list[ChatDelta]] | None = None
    meanwhile = 0
    async for _ in engine.stream(ChatRequest(asked, 1500, grammar='root ::= "ab " root')):
        if refused is None:
            refused = asyncio.create_task(said(engine, hanging))
        elif refused.done():
            break
        meanwhile += 1
    assert refused is not None
    with pytest.raises(BadRequestError):
        await refused
    assert meanwhile > 10


def test_only_groups_count_as_nested_and_not_what_is_quoted() -> None:
    assert depth_of('root ::= ("a" (b | [(]))* ")" # (((\nb ::= "\\"((" | [\\]((]') == 2
    assert depth_of('root ::= "' + "(" * 50_000 + '"') == 0
    assert depth_of("") == 0


@pytest.fixture(scope="module")
def poison(tmp_path_factory: pytest.TempPathFactory, starter_model: Path) -> Path:
    """A model in which a tilde makes numbers that are none."""
    return poisoned.write(tmp_path_factory.mktemp("poison") / "model.gguf", starter_model, "Ġ~")


@pytest.mark.parametrize("flash", ["auto", "off"])
@pytest.mark.parametrize(
    "sampling",
    [
        {},
        {"temperature": 0.8, "seed": 1},
        {"temperature": 0.8, "seed": 1, "top_k": 40},
        {"temperature": 0.8, "seed": 1, "top_p": 0.9},
        {"temperature": 0.8, "seed": 1, "logprobs": 2, "min_p": 0.05},
        {"grammar": 'root ::= "yes" | "no"'},
    ],
)
async def test_no_numbers_end_their_own_answer_and_spoil_no_other(
    poison: Path, sampling: dict[str, Any], flash: str
) -> None:
    spec = EngineSpec("small", "llama_cpp", str(poison), context=512, sequences=2, threads=1, flash_attention=flash)
    made = build_chat_engine(spec)
    assert isinstance(made, LlamaCppEngine)
    sound = ChatRequest((Message("user", "Tell me about foxes."),), 12, **sampling)
    spoilt = ChatRequest((Message("user", "Hi ~ there"),), 12, **sampling)

    async def text(request: ChatRequest) -> str:
        return "".join(delta.text for delta in await said(made, request))

    await text(sound)
    before, pid = await text(sound), made.pid
    beside, failed = await asyncio.gather(text(sound), text(spoilt), return_exceptions=True)
    assert isinstance(failed, EngineError) and "NaN" in failed.cause
    assert not isinstance(beside, BaseException) and beside
    with pytest.raises(EngineError):
        await text(spoilt)
    await text(sound)
    assert (await text(sound), made.pid) == (before, pid), "what was read for the other one is nowhere any more"
    made.close()


async def test_a_bulk_answer_steps_back_for_somebody_who_waits(weights: Path) -> None:
    made = build_chat_engine(EngineSpec("small", "llama_cpp", str(weights), context=1024, sequences=1))
    assert isinstance(made, LlamaCppEngine)
    text = " ".join(str(number) for number in range(80))
    messages = (Message("user", "Count."),)
    bulk = made.stream(ChatRequest(messages, max_tokens=400, grammar=f'root ::= "{text}"', priority="bulk"))
    begun = [await anext(bulk)]
    quick = await said(made, ChatRequest((Message("user", "Hi"),), max_tokens=4))
    assert quick[-1].usage is not None
    heard_before = len(begun)
    begun += [delta async for delta in bulk]
    assert "".join(delta.text for delta in begun) == text
    assert heard_before < len(begun)
    made.close()


async def test_a_worker_killed_before_the_first_token_is_asked_again(engine: LlamaCppEngine) -> None:
    await engine.start()
    stream = engine.stream(
        ChatRequest((Message("user", "a fox and a crow " * 240),), max_tokens=4, grammar='root ::= "yes"')
    )
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    os.kill(engine.pid, signal.SIGKILL)
    assert (await first).text
    assert [delta async for delta in stream][-1].finish_reason == "stop"


async def test_a_worker_killed_in_mid_answer_is_told_and_started_anew(engine: LlamaCppEngine) -> None:
    stream = engine.stream(LONG)
    await anext(stream)
    before = engine.pid
    os.kill(before, signal.SIGKILL)
    with pytest.raises(EngineError) as caught:
        async for _ in stream:
            pass
    assert "signal 9" in caught.value.cause
    assert (await said(engine, ChatRequest((Message("user", "Hi"),), max_tokens=4)))[-1].finish_reason
    assert engine.pid not in (0, before)


async def test_a_worker_that_hangs_is_ended_and_the_next_request_answered(weights: Path) -> None:
    made = build_chat_engine(EngineSpec("small", "llama_cpp", str(weights), context=1024, stall_seconds=3))
    assert isinstance(made, LlamaCppEngine)
    while made.state != "ready":  # it may take longer to load than an answer may stand still
        with suppress(EngineLoadingError):
            await made.start()
    stream = made.stream(ChatRequest(LONG.messages, max_tokens=200))
    await anext(stream)
    stopped = made.pid
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(EngineError) as caught:
        async for _ in stream:
            pass
    assert "no progress" in caught.value.cause
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    assert (await said(made, ChatRequest((Message("user", "Hi"),), max_tokens=4)))[-1].finish_reason
    made.close()


async def test_log_probabilities_are_those_of_the_model(engine: LlamaCppEngine) -> None:
    deltas = await said(engine, ChatRequest((Message("user", "Hi"),), max_tokens=6, logprobs=3))
    tokens = [token for delta in deltas for token in delta.logprobs]
    assert len(tokens) == 6
    for token in tokens:
        assert token.logprob <= 0
        assert token.top[0] == (token.token, token.logprob)
        assert [value for _, value in token.top] == sorted((value for _, value in token.top), reverse=True)


async def test_penalties_and_top_k_count(engine: LlamaCppEngine) -> None:
    foxes, word = (Message("user", "Repeat: fox fox fox fox fox fox"),), (Message("user", "Invent a word."),)

    async def text(request: ChatRequest) -> str:
        return "".join(delta.text for delta in await said(engine, request))

    free = await text(ChatRequest(foxes, max_tokens=24))
    assert free != await text(ChatRequest(foxes, max_tokens=24, frequency_penalty=2.0, presence_penalty=2.0))
    likeliest = await text(ChatRequest(word, max_tokens=12, temperature=2.0, top_k=1, seed=1))
    assert likeliest == await text(ChatRequest(word, max_tokens=12))


@pytest.mark.parametrize("name", ["THINKING", "FUNCTIONS", "LLAMA", "HARMONY"])
async def test_a_forced_call_in_each_form(weights: Path, tmp_path: Path, name: str) -> None:
    """Every form by the real grammar; tests/contract has the one that is left, in both kinds of engine."""
    template = tmp_path / "template.jinja"
    template.write_text(getattr(templates, name), encoding="utf-8")
    made = build_chat_engine(
        EngineSpec("small", "llama_cpp", str(weights), context=1024, threads=1, chat_template=str(template))
    )
    assert isinstance(made, LlamaCppEngine)
    colour: dict[str, object] = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
    }
    tools = (Tool("paint", "Paints the fence.", colour), Tool("stop", "Ends the work."))
    for choice, names in (("required", {"paint", "stop"}), ("stop", {"stop"})):
        messages = (Message("user", "Paint the fence blue."),)
        deltas = await said(made, ChatRequest(messages, max_tokens=48, tools=tools, tool_choice=choice))
        (call,) = [call for delta in deltas for call in delta.tool_calls]
        assert call.name in names
        assert call.arguments.replace(" ", "") in ("{}", '{"colour":"red"}', '{"colour":"blue"}')
        assert (call.name == "stop") is (call.arguments.replace(" ", "") == "{}")
        assert deltas[-1].finish_reason == "tool_calls"
    made.close()


async def test_a_template_that_is_not_there_is_told(weights: Path, tmp_path: Path) -> None:
    spec = EngineSpec("small", "llama_cpp", str(weights), chat_template=str(tmp_path / "template.jinja"))
    made = build_chat_engine(spec)
    assert isinstance(made, LlamaCppEngine)
    with pytest.raises(EngineError) as caught:
        await made.start()
    assert "template.jinja can not be read" in caught.value.cause
    made.close()


async def test_a_file_that_was_replaced_is_loaded_when_its_answers_are_written(weights: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "model.gguf", tmp_path / "other.gguf"
    shutil.copyfile(weights, file)
    made = build_chat_engine(EngineSpec("small", "llama_cpp", str(file), context=1024, threads=1))
    assert isinstance(made, LlamaCppEngine)
    running = made.stream(ChatRequest((Message("user", "Count."),), 200, grammar='root ::= "1 2 3 4 5 6 7 8 9 10 11"'))
    begun, old = [await anext(running)], made.pid
    with other.open("wb") as half:
        half.write(weights.read_bytes()[:1_000_000])
    other.replace(file)
    assert (await said(made, ChatRequest((Message("user", "Hi"),), max_tokens=2)))[-1].finish_reason
    assert made.pid == old  # half a file replaces nothing
    shutil.copyfile(weights, other)
    other.replace(file)
    waiting = asyncio.ensure_future(said(made, ChatRequest((Message("user", "Hi"),), max_tokens=2)))
    begun += [delta async for delta in running]
    assert "".join(delta.text for delta in begun) == "1 2 3 4 5 6 7 8 9 10 11"
    assert (await waiting)[-1].finish_reason
    assert made.pid not in (0, old)
    made.close()
