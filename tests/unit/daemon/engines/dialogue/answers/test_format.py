"""The parsers of all formats, through the format that a template is recognised to have."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.engines.dialogue.answers.format import AnswerFormat, recognised
from daemon.engines.dialogue.answers.lazy import Style
from daemon.engines.dialogue.answers.parts import Called, Part, Said, Schemas, Thought, merged
from tests.effort import effort

TOOLS: Schemas = {"find": {"type": "object", "properties": {"text": {"type": "string"}}}, "now": {}}
FIND = Called("find", '{"text": "a"}')
JSON_CALL = '{"name": "find", "arguments": {"text": "a"}}'
BARE_CALL = '{"name": "find", "parameters": {"text": "a"}}'
FUNCTION = "<function=find>\n<parameter=text>\na\n</parameter>\n</function>"
TO_FIND = "<|channel|>commentary to=functions.find <|constrain|>json<|message|>"
STYLES: list[Style] = ["plain", "json_tags", "function_tags", "bare", "harmony"]


def parsed(style: Style, *pieces: str, tools: Schemas = TOOLS, prompt: str = "") -> list[Part]:
    parser = AnswerFormat(style, thinks=True).parser(tools, prompt)
    return merged([*(part for piece in pieces for part in parser.feed(piece)), *parser.finish()])


def case(style: Style, text: str, *parts: Part) -> tuple[Style, str, list[Part]]:
    return style, text, list(parts)


CASES = [
    case("plain", "<tool_call> and {", Said("<tool_call> and {")),
    case("plain", "<think>\nhm\n</think>\n\nyes", Thought("hm"), Said("yes")),
    case("plain", "say <think>x</think>", Said("say <think>x</think>")),
    case("plain", "<think>cut", Thought("cut")),
    case("plain", "<think>cut</thi", Thought("cut</thi")),
    case("plain", " <thi", Said(" <thi")),
    case("plain", "a \n", Said("a \n")),
    case("json_tags", f"<tool_call>\n{JSON_CALL}\n</tool_call>", FIND),
    case("json_tags", f"I look.\n<tool_call>{JSON_CALL}</tool_call>\n", Said("I look."), FIND),
    case("json_tags", f"<think>\nhm\n</think>\n\n<tool_call>\n{JSON_CALL}\n</tool_call>", Thought("hm"), FIND),
    case("json_tags", f"<tool_call>{JSON_CALL}</tool_call>\n<tool_call>{JSON_CALL}</tool_call>", FIND, FIND),
    case("json_tags", f"<tool_call>{JSON_CALL}</tool_call> then", FIND, Said("then")),
    case("json_tags", f"<tool_call>\n{JSON_CALL}", FIND),
    case("json_tags", f"<tool_call>\n{JSON_CALL}\n</tool_", FIND),
    case("json_tags", "a <tool_call>{oops}</tool_call> b", Said("a <tool_call>{oops}</tool_call> b")),
    case("json_tags", '<tool_call>{"name": "find"', Said('<tool_call>{"name": "find"')),
    case("json_tags", "1 < 2 <tool", Said("1 < 2 <tool")),
    case(
        "json_tags",
        '<tool_call>{"name": "find", "arguments": {"text": "}</tool_call>\\"{"}}</tool_call>',
        Called("find", '{"text": "}</tool_call>\\"{"}'),
    ),
    case("function_tags", f"<tool_call>\n{FUNCTION}\n</tool_call>", FIND),
    case("function_tags", f"I look.\n\n{FUNCTION}\n</tool_call>", Said("I look."), FIND),
    case("function_tags", f"{FUNCTION} then", FIND, Said("then")),
    case("function_tags", f"{FUNCTION}\n<tool_call>\n{FUNCTION}\n</tool_call>", FIND, FIND),
    case("function_tags", f"<tool_call>\n{FUNCTION}", FIND),
    case("function_tags", f"<tool_call>\n{JSON_CALL}\n</tool_call>", FIND),
    case("function_tags", "<tool_call>\n<function=find>\n<par", Said("<tool_call>\n<function=find>\n<par")),
    case(
        "function_tags",
        "<tool_call>\n<function=find>\n<parameter=text>\n</tool_call>\n</parameter>\n</function>\n</tool_call>",
        Called("find", '{"text": "</tool_call>"}'),
    ),
    case("bare", BARE_CALL, FIND),
    case("bare", f" \n{JSON_CALL}", FIND),
    case("bare", f"<|python_tag|>{BARE_CALL}", FIND),
    case("bare", f"I look. <|python_tag|>{BARE_CALL}", Said("I look."), FIND),
    case("bare", f"{BARE_CALL}; {BARE_CALL}\n", FIND, FIND),
    case("bare", '{"text": "a"}', Said('{"text": "a"}')),
    case("bare", '{"name": "Anna", "arguments": {}} is it', Said('{"name": "Anna", "arguments": {}} is it')),
    case("bare", '<|python_tag|>{"name": "new", "parameters": {}}', Called("new", "{}")),
    case("bare", '<|python_tag|>search.call("a")', Said('<|python_tag|>search.call("a")')),
    case("bare", f"See: {BARE_CALL}", Said(f"See: {BARE_CALL}")),
    case("bare", '{"name": "find", "para', Said('{"name": "find", "para')),
    case("harmony", "<|channel|>final<|message|>Hi <b>", Said("Hi <b>")),
    case("harmony", "<|channel|>final<|message|>Hi<|return|>", Said("Hi")),
    case("harmony", f'<|channel|>analysis<|message|>hm<|end|><|start|>assistant{TO_FIND}{{"text": "a"}}<|call|>',
         Thought("hm"), FIND),
    case("harmony", f'{TO_FIND}{{"text": "a"}}', FIND),
    case("harmony", f'{TO_FIND}{{"text": "a"}}<|call|>{TO_FIND}{{"text": "a"}}', FIND, FIND),
    case("harmony", ' to=functions.find<|channel|>commentary json<|message|>{"text": "a"}<|call|>', FIND),
    case("harmony", '<|channel|>commentary to=functions.now<|message|><|call|>',
         Said('<|channel|>commentary to=functions.now<|message|><|call|>')),
    case("harmony", f'{TO_FIND}{{"text"', Said(f'{TO_FIND}{{"text"')),
    case("harmony", "<|channel|>commentary<|message|>I look.<|end|>", Said("I look.")),
    case("harmony", "<|channel|>analysis<|message|>hm<|start|>assistant<|channel|>final<|message|>Hi",
         Thought("hm"), Said("Hi")),
    case("harmony", "<|channel|>commentary to=functions <|constrain|>json<|message|>" + JSON_CALL, FIND),
    case("harmony", "Hi there", Said("Hi there")),
    case("harmony", "<|channel|>analys"),
]  # fmt: skip


@pytest.mark.parametrize(("style", "text", "parts"), CASES)
def test_what_an_answer_is_made_of(style: Style, text: str, parts: list[Part]) -> None:
    assert parsed(style, text) == parts


@pytest.mark.parametrize(("style", "text", "parts"), CASES)
def test_letter_by_letter_it_is_the_same(style: Style, text: str, parts: list[Part]) -> None:
    assert parsed(style, *text) == parts


FRAGMENTS = st.sampled_from(
    [
        "<think>", "</think>", "<tool_call>", "</tool_call>", JSON_CALL, BARE_CALL, FUNCTION, "<function=find>", TO_FIND,
        "</function>", "<parameter=text>", "</parameter>", "<|python_tag|>", "<|channel|>", "analysis", "final", "{", "}",
        "<|message|>", "<|end|>", "<|start|>", "assistant", "<|call|>", '{"text": "a"}', '"', "\\", " ", "\n", "; ", "<", "a",
        "commentary to=functions.find", "<|constrain|>", "</tool", "<|",
    ]
)  # fmt: skip
ANSWERS = st.lists(FRAGMENTS | st.text(max_size=4), max_size=12).map("".join)


@settings(max_examples=effort(300))
@given(st.sampled_from(STYLES), ANSWERS, st.sampled_from(["", "<think>\n"]), st.data())
def test_how_an_answer_is_cut_into_pieces_changes_nothing(
    style: Style, answer: str, prompt: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(answer)), max_size=8)))
    pieces = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert parsed(style, *pieces, prompt=prompt) == parsed(style, answer, prompt=prompt)


@settings(max_examples=effort(300))
@given(st.sampled_from(STYLES[:4]), ANSWERS)
def test_where_nothing_is_a_call_nothing_is_lost_but_tags_of_thoughts_and_space(style: Style, answer: str) -> None:
    parts = parsed(style, answer)
    if any(isinstance(part, Called) for part in parts):
        return
    told = "".join(part.text for part in parts if not isinstance(part, Called))
    assert bare_of(told) == bare_of(answer)


def bare_of(text: str) -> str:
    return re.sub(r"\s|</?think>", "", text)


@given(st.sampled_from(STYLES), st.text().filter(lambda text: not re.search(r'[<{]|^\s* to="?', text)))
def test_text_without_marks_is_text(style: Style, text: str) -> None:
    assert parsed(style, text) == ([Said(text)] if text else [])


@pytest.mark.parametrize("style", STYLES)
def test_without_tools_nothing_is_a_call(style: Style) -> None:
    for text in (JSON_CALL, BARE_CALL, f"<tool_call>{JSON_CALL}</tool_call>", FUNCTION, f"<|python_tag|>{BARE_CALL}"):
        assert parsed(style, text, tools={}) == [Said(text)]
    assert not any(isinstance(part, Called) for part in parsed("harmony", TO_FIND + "{}", tools={}))


def test_a_prompt_that_opens_the_thoughts() -> None:
    assert parsed("json_tags", "hm\n</think>\n\nyes", prompt="…<think>\n") == [Thought("hm"), Said("yes")]


@pytest.mark.parametrize(
    ("template", "style", "thinks"),
    [
        ("{{ m.content }}", "plain", False),
        ("{{ m.content.split('</think>')[-1] }}", "plain", True),
        ("<tool_call>{{ call.arguments | tojson }}</tool_call>", "json_tags", False),
        ("<think>…</think><tool_call>{{ call | tojson }}</tool_call>", "json_tags", True),
        ("<tool_call><function=…><parameter=…>", "function_tags", False),
        ("<tool_call>{{ name }}<arg_key>…</arg_key></tool_call></think>", "plain", True),
        ('<|start_header_id|>…{"name": …, "parameters": …}', "bare", False),
        ("<|python_tag|>", "bare", False),
        ("<|start_header_id|>{{ m.content }}", "plain", False),
        ("<|start|>system<|message|>…<|channel|>analysis", "harmony", False),
    ],
)
def test_a_format_is_recognised_by_its_template(template: str, style: Style, thinks: bool) -> None:
    assert recognised(template) == AnswerFormat(style, thinks)


@pytest.mark.parametrize("style", STYLES[1:])
@pytest.mark.parametrize("tools", [{"find": TOOLS["find"]}, TOOLS], ids=["one", "several"])
def test_what_follows_the_schema_of_a_forced_call_is_a_call(style: Style, tools: Schemas) -> None:
    form = AnswerFormat(style, thinks=style.endswith("tags"))
    forced = form.forced(tools, "<think>\n")
    choice = forced.schema.get("anyOf")
    written = '{"text": "a"}'
    if isinstance(choice, list):
        key = choice[0]["required"][1]
        written = json.dumps({"name": choice[0]["properties"]["name"]["const"], key: {"text": "a"}})
    parser = form.parser(tools, "<think>\n")
    parts = [*parser.feed(forced.beginning), *parser.feed(written), *parser.finish()]
    assert parts == [FIND]


def test_a_constrained_answer_begins_behind_thoughts_and_header() -> None:
    assert AnswerFormat("harmony").answering("x") == "<|channel|>final<|message|>"
    assert AnswerFormat("json_tags", thinks=True).answering("<think>\n") == "\n</think>\n\n"
    assert AnswerFormat("json_tags", thinks=True).answering("x") == ""


def test_control_tokens_that_carry_the_form() -> None:
    assert "<|python_tag|>" in AnswerFormat("bare").controls
    assert "<|channel|>" in AnswerFormat("harmony").controls
    assert not AnswerFormat("json_tags").controls
