"""`/v1/chat/completions` with tools, thoughts and log probabilities, read by OpenAI's own client."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, BadRequestError

from agents.ports import ChatDelta, ChatRequest, Message, TokenLogprob, ToolCall, Usage
from daemon import errors, sse
from daemon.chat import Completion, run_chat
from daemon.compose import Famulus
from daemon.routes import openai as routes
from daemon.wire_chat import ChatCompletionRequest
from tests.fakes.openai_front import House

CALLS = (ToolCall("c1", "find", '{"text": "сад"}'), ToolCall("c2", "now", "{}"))
TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("find", "now")
]
ASKED: Any = [{"role": "user", "content": "x"}]


class Engine:
    """Answers with these deltas."""

    name = model = "small"
    context_tokens = 100

    def __init__(self, *deltas: ChatDelta) -> None:
        self._deltas = deltas
        self.requests: list[ChatRequest] = []

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.requests.append(request)
        for delta in self._deltas:
            yield delta

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return 0


def client_of(engine: Engine) -> AsyncOpenAI:
    app = FastAPI()
    errors.install(app)
    app.include_router(routes.router(cast(Famulus, House(engine))))
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app))
    return AsyncOpenAI(api_key="x", base_url="http://famulus/v1", http_client=http, max_retries=0)


def calling() -> Engine:
    return Engine(
        ChatDelta("", reasoning="I "), ChatDelta("", reasoning="look."), ChatDelta("Wait."),
        ChatDelta("", tool_calls=CALLS[:1]), ChatDelta("", tool_calls=CALLS[1:]),
        ChatDelta("", "tool_calls", Usage(5, 4, 3)),
    )  # fmt: skip


async def test_calls_and_thoughts_come_whole() -> None:
    answer = await client_of(calling()).chat.completions.create(model="small", messages=ASKED, tools=TOOLS)
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Wait."
    assert choice.message.model_extra == {"reasoning_content": "I look."}
    read = [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]  # type: ignore[union-attr]
    assert read == [(call.id, call.name, call.arguments) for call in CALLS]
    assert answer.usage and answer.usage.total_tokens == 8


async def test_an_answer_that_is_only_a_call_has_no_content() -> None:
    engine = Engine(ChatDelta("", tool_calls=CALLS[:1]), ChatDelta("", "tool_calls"))
    answer = await client_of(engine).chat.completions.create(model="small", messages=ASKED, tools=TOOLS)
    assert answer.choices[0].message.content is None


async def test_streamed_calls_are_numbered_and_can_be_put_together() -> None:
    client = client_of(calling())
    async with client.chat.completions.stream(model="small", messages=ASKED, tools=TOOLS) as stream:
        thoughts = ""
        async for event in stream:
            if event.type == "chunk" and event.chunk.choices:
                thoughts += (event.chunk.choices[0].delta.model_extra or {}).get("reasoning_content", "")
        final = await stream.get_final_completion()
    message = final.choices[0].message
    assert (thoughts, message.content, final.choices[0].finish_reason) == ("I look.", "Wait.", "tool_calls")
    assert [(call.id, call.function.arguments) for call in message.tool_calls or ()] == [
        ("c1", '{"text": "сад"}'),
        ("c2", "{}"),
    ]


async def test_without_parallel_calls_there_is_one() -> None:
    client = client_of(calling())
    answer = await client.chat.completions.create(model="small", messages=ASKED, tools=TOOLS, parallel_tool_calls=False)
    assert [call.id for call in answer.choices[0].message.tool_calls or ()] == ["c1"]


async def test_log_probabilities_stand_beside_their_tokens() -> None:
    logprobs = [
        TokenLogprob("a", -0.1, (("a", -0.1), ("b", -2.5))),
        TokenLogprob("b", -0.2, (("b", -0.2), ("c", -3.0))),
    ]
    deltas = [ChatDelta(one.token, logprobs=(one,)) for one in logprobs]
    client = client_of(Engine(*deltas, ChatDelta("", "stop")))
    answer = await client.chat.completions.create(model="small", messages=ASKED, logprobs=True, top_logprobs=2)
    whole = answer.choices[0].logprobs
    assert whole and whole.content
    assert [(one.token, one.bytes, one.logprob) for one in whole.content] == [("a", [97], -0.1), ("b", [98], -0.2)]
    assert [one.token for one in whole.content[0].top_logprobs] == ["a", "b"]
    chunks = await client.chat.completions.create(
        model="small", messages=ASKED, logprobs=True, top_logprobs=2, stream=True
    )
    told = [chunk.choices[0].logprobs async for chunk in chunks]
    assert [one.token for part in told if part for one in part.content or ()] == ["a", "b"]


async def test_a_conversation_with_tools_reaches_the_engine() -> None:
    engine = Engine(ChatDelta("Two.", "stop"))
    call: Any = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    turns = [
        *ASKED,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
    ]
    await client_of(engine).chat.completions.create(model="small", messages=turns, tools=TOOLS)
    assert engine.requests[0].messages == (
        Message("user", "x"),
        Message("assistant", "", (ToolCall("c1", "find", "{}"),)),
        Message("tool", "2", tool_call_id="c1"),
    )
    assert [tool.name for tool in engine.requests[0].tools] == ["find", "now"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_choice_of_a_tool_that_is_not_there_is_a_bad_request(stream: bool) -> None:
    choice: Any = {"type": "function", "function": {"name": "gone"}}
    with pytest.raises(BadRequestError, match="can not be answered"):
        await client_of(calling()).chat.completions.create(
            model="small", messages=ASKED, tools=TOOLS, tool_choice=choice, stream=stream
        )


@pytest.mark.parametrize("stream", [False, True])
async def test_answers_from_the_notes_take_no_tools_and_say_who_does(stream: bool) -> None:
    with pytest.raises(BadRequestError) as caught:
        await client_of(calling()).chat.completions.create(model="famulus", messages=ASKED, tools=TOOLS, stream=stream)
    body = cast(dict[str, str], caught.value.body)
    assert "tools" in body["cause"] and '"planner"' in body["fix"]


async def test_errors_say_cause_and_fix_in_the_message_which_is_all_that_many_clients_show() -> None:
    with pytest.raises(BadRequestError, match=r"takes no tools.*Leave tools out"):
        await client_of(calling()).chat.completions.create(model="famulus", messages=ASKED, tools=TOOLS)


@given(st.lists(st.tuples(st.sampled_from(["", "a", "сад"]), st.booleans()), max_size=8))
async def test_pieces_that_are_here_together_leave_together_as_events_of_their_own(
    said: list[tuple[str, bool]],
) -> None:
    deltas = [*(ChatDelta(text, more=more) for text, more in said), ChatDelta("", "stop")]
    body = ChatCompletionRequest(model="small", messages=ASKED, stream=True)
    completion = Completion("small")
    pieces = run_chat(cast(Famulus, House(Engine(*deltas))), body, completion)
    writes = [write async for write in routes._stream(await anext(pieces), pieces, completion, body)]
    events = [json.loads(line[6:]) for line in b"".join(writes).split(b"\n\n") if line.startswith(b"data: {")]
    texts = [event["choices"][0]["delta"].get("content", "") for event in events]
    assert [text for text in texts if text] == [text for text, _ in said if text]
    assert events[-1]["choices"][0]["finish_reason"] == "stop" and writes[-1].endswith(sse.DONE)
    assert all(write.endswith(b"\n\n") for write in writes)
    assert len(writes) <= 2 + sum(not more for _, more in said)


async def test_an_answer_that_is_left_at_its_first_piece_stops_the_engine_before_anything_else_happens() -> None:
    ended: list[bool] = []

    class Endless(Engine):
        async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
            try:
                while True:
                    yield ChatDelta("a")
            finally:
                ended.append(True)

    body = ChatCompletionRequest(model="small", messages=ASKED, stream=True)
    completion = Completion("small")
    pieces = run_chat(cast(Famulus, House(Endless())), body, completion)
    stream = routes._stream(await anext(pieces), pieces, completion, body)
    await anext(stream)
    await stream.aclose()
    assert ended
