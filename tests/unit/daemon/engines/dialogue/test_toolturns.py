import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.dialogue.toolturns import one_by_one, with_objects


def call(number: int) -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": f"f{number}", "arguments": '{"a": 1}'}}


def result(number: int) -> dict[str, str]:
    return {"role": "tool", "tool_call_id": f"c{number}", "content": str(number)}


def test_calls_stand_apart_each_before_its_result() -> None:
    asked = {"role": "assistant", "content": "I look.", "tool_calls": [call(1), call(2)], "reasoning_content": "hm"}
    user = {"role": "user", "content": "x"}
    assert one_by_one([user, asked, result(2), result(1), user]) == [
        user,
        {**asked, "tool_calls": [call(1)]},
        result(1),
        {"role": "assistant", "content": "", "tool_calls": [call(2)]},
        result(2),
        user,
    ]


TURNS = st.lists(
    st.builds(lambda numbers: {"role": "assistant", "content": "", "tool_calls": [call(n) for n in numbers]},
              st.lists(st.integers(0, 5), max_size=3, unique=True))
    | st.integers(0, 5).map(result)
    | st.just({"role": "user", "content": "x"}),
    max_size=10,
)  # fmt: skip


@given(TURNS)
def test_nothing_gets_lost_and_one_call_is_left_in_a_turn(turns: list[dict[str, Any]]) -> None:
    apart = one_by_one(turns)
    assert all(len(turn.get("tool_calls") or []) < 2 for turn in apart)

    def counted(some: list[Any]) -> list[str]:
        calls = [json.dumps(call) for turn in some for call in turn.get("tool_calls") or []]
        return sorted([*calls, *(turn["content"] for turn in some if turn["role"] == "tool")])

    assert counted(list(apart)) == counted(turns)


def test_arguments_become_objects() -> None:
    turn = {"role": "assistant", "content": "", "tool_calls": [call(1)]}
    assert with_objects([turn])[0]["tool_calls"][0]["function"]["arguments"] == {"a": 1}
    assert turn["tool_calls"] == [call(1)]
    assert with_objects([result(1)]) == [result(1)]
