"""OpenAI's protocol for a chat, as a client speaks it: the body that is sent, the stream that comes. Pure."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.errors import AgentError, EngineError
from agents.ports import ChatDelta, ChatRequest, FinishReason, Message, TokenLogprob, Tool, ToolCall, Usage
from daemon.engines.dialogue.answers.calls import json_object
from daemon.engines.dialogue.pieces import encodable
from daemon.engines.openai.server import as_object, message_of

_ANY_OBJECT = {"type": "object"}
_REFUSED = (400, 413, 422)
_NO_PARAMETERS: dict[str, object] = {"type": "object", "properties": {}}


def body_of(model: str, request: ChatRequest) -> dict[str, object]:
    """The body of a request. What is not asked for is left out: some servers refuse what they do not know."""
    body: dict[str, object] = {
        "model": model, "messages": turns_of(request.messages), "temperature": request.temperature,
        "top_p": request.top_p, "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    wanted: dict[str, object] = {
        "max_tokens": request.max_tokens or None, "seed": request.seed, "stop": list(request.stop) or None,
        "top_k": request.top_k or None, "min_p": request.min_p or None,
        "frequency_penalty": request.frequency_penalty or None, "presence_penalty": request.presence_penalty or None,
    }  # fmt: skip
    body |= {name: value for name, value in wanted.items() if value is not None}
    if request.logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    return body | _tools(request) | _constraint(request)


def _tools(request: ChatRequest) -> dict[str, object]:
    if not request.tools:
        return {}
    choice: object = request.tool_choice
    if request.tool_choice not in ("auto", "none", "required"):
        choice = {"type": "function", "function": {"name": request.tool_choice}}
    found: dict[str, object] = {"tools": [tool_json(tool) for tool in request.tools], "tool_choice": choice}
    return found if request.parallel_tool_calls else {**found, "parallel_tool_calls": False}


def _constraint(request: ChatRequest) -> dict[str, object]:
    if request.grammar:
        # llama-server reads `grammar`, vLLM `structured_outputs`; each leaves the other's key alone
        return {"grammar": request.grammar, "structured_outputs": {"grammar": request.grammar}}
    if request.json_schema == _ANY_OBJECT:
        return {"response_format": {"type": "json_object"}}
    if request.json_schema:
        schema = {"name": "answer", "schema": request.json_schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {}


def tool_json(tool: Tool) -> dict[str, Any]:
    """A tool in OpenAI's form, which chat templates know, too."""
    function = {
        "name": tool.name,
        "description": encodable(tool.description),
        "parameters": tool.parameters or _NO_PARAMETERS,
    }
    return {"type": "function", "function": function}


def turns_of(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Turns in OpenAI's form; a tool's turn also names its tool, which chat templates may want."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return [_turn(message, names) for message in messages]


def _turn(message: Message, names: dict[str, str]) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": encodable(message.content)}
    if message.tool_calls:
        turn["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": encodable(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.reasoning:
        turn["reasoning_content"] = encodable(message.reasoning)
    if message.role == "tool":
        turn |= {"tool_call_id": message.tool_call_id, "name": names.get(message.tool_call_id, "")}
    return turn


@dataclass(slots=True)
class _Call:
    """A call of which pieces have come."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


class StreamReader:
    """Server-sent events to deltas; the last delta is held until the usage is known, a call until it is whole."""

    def __init__(
        self, error: Callable[[str, str], EngineError], refusal: Callable[[int, str], AgentError] | None = None
    ) -> None:
        """`error` is of cause and fix, `refusal` of a status and a body: vLLM refuses some requests in the stream."""
        self._error = error
        self._refusal = refusal
        self._reason = ""
        self._usage: Usage | None = None
        self._call: _Call | None = None
        self._called = False
        self.heard = 0
        self.done = False

    @property
    def complete(self) -> bool:
        """Whether the reason of the end has come, so that nothing of the answer is missing."""
        return bool(self._reason)

    def feed(self, lines: Iterable[bytes]) -> Iterator[ChatDelta]:
        """The deltas in lines that came together; all but the last tell that more is here. Raises AgentError last."""
        events = [line[5:].strip() for line in lines if line.startswith(b"data:") and not self.done]
        if b"[DONE]" in events:
            self.done = True
            events = events[: events.index(b"[DONE]")]
        self.heard += len(events)
        found: list[ChatDelta] = []
        trouble: AgentError | None = None
        for number, data in enumerate(events, 1):
            try:
                found += self._read(data, more=number < len(events))
            except AgentError as error:
                trouble = error
                break
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                what = data[:200].decode("utf-8", "replace")
                trouble = self._error(f"What came is no part of an answer ({error}): {what}", "See the server's log.")
                break
        if found and found[-1].more:
            found[-1] = replace(found[-1], more=False)
        yield from found
        if trouble is not None:
            raise trouble

    def _read(self, data: bytes, *, more: bool) -> list[ChatDelta]:
        chunk = as_object(data)
        if chunk.get("error"):
            raise self._trouble(chunk["error"], data.decode("utf-8", "replace"))
        if usage := chunk.get("usage"):
            self._usage = _usage(usage)
        if not (choices := chunk.get("choices")):
            return []
        choice: dict[str, Any] = choices[0]
        self._reason = str(choice.get("finish_reason") or self._reason)
        delta = choice.get("delta") or {}
        text = _text(delta.get("content"))
        reasoning = _text(delta.get("reasoning_content") or delta.get("reasoning"))
        logprobs = _logprobs(told) if (told := choice.get("logprobs")) else ()
        said = [ChatDelta(text, None, None, reasoning, (), logprobs, more)] if text or reasoning or logprobs else []
        if calls := delta.get("tool_calls"):
            said += [done for piece in calls for done in self._take(piece)]
        return said

    def _trouble(self, error: object, body: str) -> AgentError:
        code = error.get("code") if isinstance(error, dict) else None
        if self._refusal is not None and code in _REFUSED:
            return self._refusal(code, body)
        return self._error(f"The server says: {message_of(body)}", "See the server's log.")

    def end(self) -> list[ChatDelta]:
        """The last deltas. Raises EngineError where the stream broke off before a reason to stop, or was none."""
        if not self.heard:
            raise self._error("What came is no stream of an answer.", "Correct the url: most end in /v1.")
        if not self._reason:
            raise self._error("The stream broke off in the middle.", "See the server's log, then ask again.")
        rest = self._ended()
        reason: FinishReason = "length" if self._reason == "length" else "tool_calls" if self._called else "stop"
        return [*rest, ChatDelta("", reason, self._usage)]

    def _take(self, piece: dict[str, Any]) -> list[ChatDelta]:
        """Put a piece to its call. A call is whole when another begins, which has another number or id."""
        index, call_id = piece.get("index"), piece.get("id")
        ended: list[ChatDelta] = []
        call = self._call
        if call is None or (call_id and call.id and call_id != call.id) or index not in (None, call.index):
            ended = self._ended()
            self._call = call = _Call(index)
        function = piece.get("function") or {}
        call.id = call_id or call.id
        call.name += function.get("name") or ""
        arguments = function.get("arguments") or ""
        call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)
        return ended

    def _ended(self) -> list[ChatDelta]:
        """The call that was under way; as text where it was cut off."""
        call, self._call = self._call, None
        if call is None:
            return []
        arguments = json_object(call.arguments or "{}")
        if arguments is None or not call.name:
            return [ChatDelta(f'{{"name": "{call.name}", "arguments": {call.arguments}')]
        self._called = True
        return [ChatDelta("", tool_calls=(ToolCall(call.id or new_call_id(), call.name, arguments),))]


def new_call_id() -> str:
    """An id for a call."""
    return f"call_{uuid.uuid4().hex[:24]}"


def _text(said: object) -> str:
    """What is said, be it text or parts of which some have text. Raises TypeError for anything else."""
    if isinstance(said, str) or said is None:
        return said or ""
    if not isinstance(said, list):
        raise TypeError(f"{type(said).__name__} in place of text")
    return "".join(part["text"] for part in said if isinstance(part, dict) and isinstance(part.get("text"), str))


def _logprobs(told: dict[str, Any]) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            _token(one),
            float(one["logprob"]),
            tuple((_token(top), float(top["logprob"])) for top in one.get("top_logprobs") or []),
        )
        for one in told.get("content") or []
    )


def _token(told: dict[str, Any]) -> str:
    data = told.get("bytes")
    return bytes(data).decode("utf-8", "surrogateescape") if data else str(told.get("token", ""))


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details") or {}
    prompt, cached, completion = (
        usage.get("prompt_tokens"),
        details.get("cached_tokens"),
        usage.get("completion_tokens"),
    )
    return Usage(int(prompt or 0), int(cached or 0), int(completion or 0))
