"""Turns with calls of tools, brought into the form that a model's chat template can show. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Turn = Mapping[str, Any]


def one_by_one(turns: Sequence[Turn]) -> list[Turn]:
    """Each turn with several calls as several turns with one, each followed by its result.

    What is neither the call's result nor before the turn's last one keeps its place.
    """
    found: list[Turn] = []
    at = 0
    while at < len(turns):
        turn, at = turns[at], at + 1
        calls = turn.get("tool_calls") or []
        if len(calls) < 2:
            found.append(turn)
            continue
        results = []
        while at < len(turns) and turns[at]["role"] == "tool":
            results.append(turns[at])
            at += 1
        found.extend(_apart(turn, calls, results))
    return found


def _apart(turn: Turn, calls: Sequence[Mapping[str, Any]], results: Sequence[Turn]) -> list[Turn]:
    found: list[Turn] = []
    rest = list(results)
    for number, call in enumerate(calls):
        head = turn if number == 0 else {"role": turn["role"], "content": ""}
        found.append({**head, "tool_calls": [call]})
        found.extend(result for result in rest if result.get("tool_call_id") == call["id"])
        rest = [result for result in rest if result.get("tool_call_id") != call["id"]]
    return [*found, *rest]


def with_objects(turns: Sequence[Turn]) -> list[Turn]:
    """The arguments of calls as objects instead of as JSON text."""
    return [
        {**turn, "tool_calls": [_opened(c) for c in turn["tool_calls"]]} if _calls(turn) else turn for turn in turns
    ]


def _calls(turn: Turn) -> bool:
    return bool(turn.get("tool_calls"))


def _opened(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.loads(function["arguments"])}}
