from typing import Any

import pytest
from jinja2 import TemplateError

from agents.errors import EngineError
from daemon.engines.dialogue.template import Abilities, ChatTemplate, fold_system
from daemon.engines.files.gguf import read_header
from daemon.engines.files.registry import resolve_model
from daemon.engines.spec import EngineSpec
from tests.fakes import templates

CHATML = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}" + CHATML
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hi"}


def test_renders_up_to_the_answer() -> None:
    assert ChatTemplate(CHATML).render([SYSTEM, USER]) == "<system>Be brief.<user>Hi<assistant>"


def test_a_template_without_system_turns_gets_them_in_the_first_user_turn() -> None:
    assert ChatTemplate(NO_SYSTEM).render([SYSTEM, USER]) == "<user>Be brief.\n\nHi<assistant>"


def test_a_refusal_that_folding_does_not_cure_is_told() -> None:
    with pytest.raises(TemplateError, match="never"):
        ChatTemplate("{{ raise_exception('never') }}").render([SYSTEM, USER])


def test_a_template_can_not_reach_python() -> None:
    with pytest.raises(TemplateError):
        ChatTemplate("{{ messages.__class__.__mro__[1].__subclasses__() }}").render([USER])


def test_folding_leaves_other_conversations_alone() -> None:
    assert fold_system([USER]) == [USER]
    assert fold_system([SYSTEM]) == [SYSTEM]


def test_tokens_of_beginning_and_end_are_known_to_the_template() -> None:
    assert ChatTemplate("{{ bos_token }}|{{ eos_token }}", bos="<s>", eos="</s>").render([USER]) == "<s>|</s>"


TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Finds notes & <b>.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}, "a": {"type": "integer"}}},
    },
}
WRITTEN = '{"text":"сад","a":1}'
OBJECT = '{"text": "сад", "a": 1}'


def call(number: int, name: str = "find") -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": WRITTEN}}


def result(number: int, text: str) -> dict[str, str]:
    return {"role": "tool", "tool_call_id": f"c{number}", "name": "find", "content": text}


ASKED: list[dict[str, Any]] = [
    USER,
    {"role": "assistant", "content": "", "tool_calls": [call(1)]},
    result(1, "two notes"),
]
TWICE: list[dict[str, Any]] = [
    USER,
    {"role": "assistant", "content": "", "tool_calls": [call(1), call(2, "other")]},
    result(2, "B"),
    result(1, "A"),
]


@pytest.mark.parametrize(
    ("source", "abilities"),
    [
        (templates.HERMES, Abilities(tools=True, calls=True, written=True, several=True)),
        (templates.FUNCTIONS, Abilities(tools=True, calls=True, written=False, several=True)),
        (templates.LLAMA, Abilities(tools=True, calls=True, written=False, several=False)),
        (templates.HARMONY, Abilities(tools=True, calls=True, written=False, several=False)),
        (templates.CHATML, Abilities(tools=False, calls=False, written=False, several=False)),
    ],
    ids=["hermes", "functions", "llama", "harmony", "chatml"],
)
def test_what_a_template_tells_of_tools_is_found_by_trying(source: str, abilities: Abilities) -> None:
    assert ChatTemplate(source).abilities == abilities


def test_the_starter_model_s_template_tells_nothing_of_tools() -> None:
    try:
        path = resolve_model(EngineSpec("small", "llama_cpp", "starter:smollm2"))
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")
    template = ChatTemplate(str(read_header(path).metadata["tokenizer.chat_template"]))
    assert template.abilities == Abilities(tools=False, calls=False, written=False, several=False)
    assert template.render([SYSTEM, USER]).endswith("user\nHi<|im_end|>\n<|im_start|>assistant\n")


def test_tools_are_told_as_they_are_without_marks_for_html() -> None:
    assert "Finds notes & <b>." in ChatTemplate(templates.HERMES).render([USER], [TOOL])
    assert '"properties": {"text": {"type": "string"}, "a":' in ChatTemplate(templates.HERMES).render([USER], [TOOL])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (templates.HERMES, f'{{"name": "find", "arguments": {WRITTEN}}}\n</tool_call>'),
        (templates.FUNCTIONS, "<function=find>\n<parameter=text>\nсад\n</parameter>\n<parameter=a>\n1\n</parameter>\n"),
        (templates.LLAMA, f'{{"name": "find", "parameters": {OBJECT}}}<|eot_id|>'),
        (templates.HARMONY, f"assistant to=functions.find<|channel|>commentary json<|message|>{OBJECT}<|call|>"),
    ],
)
def test_past_calls_stand_as_the_model_writes_them(source: str, told: str) -> None:
    prompt = ChatTemplate(source).render(ASKED, [TOOL])
    assert told in prompt
    assert prompt.index(told) < prompt.index("two notes")


def test_a_template_of_one_call_a_turn_gets_one_after_the_other_each_with_its_result() -> None:
    prompt = ChatTemplate(templates.LLAMA).render(TWICE)
    places = [prompt.index(text) for text in ('"name": "find"', '"A"', '"name": "other"', '"B"')]
    assert places == sorted(places)


@pytest.mark.parametrize("source", [templates.HERMES, templates.FUNCTIONS, templates.LLAMA, templates.HARMONY])
def test_the_next_prompt_begins_with_the_whole_last_one(source: str) -> None:
    """All that was read once stays in the engine's cache: tools, turns, calls and results keep their bytes."""
    template = ChatTemplate(source)
    first = template.render(ASKED[:1], [TOOL])
    second = template.render(ASKED, [TOOL])
    third = template.render([*ASKED, {"role": "assistant", "content": "Two."}, USER], [TOOL])
    opening = {"<|start|>assistant", "<|im_start|>assistant\n", "<|start_header_id|>assistant<|end_header_id|>\n\n"}
    for shorter, longer in ((first, second), (second, third)):
        (end,) = [text for text in opening if shorter.endswith(text)]
        assert longer.startswith(shorter.removesuffix(end))


def test_a_model_is_told_to_leave_its_thoughts_out() -> None:
    assert ChatTemplate(templates.HERMES).render([USER], think=False).endswith("<think>\n\n</think>\n\n")
    assert "<think>" not in ChatTemplate(templates.HERMES).render([USER])
