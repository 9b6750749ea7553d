import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.dialogue.answers.calls import ObjectEnd, ends_in_string, json_call, json_object, tag_call
from daemon.engines.dialogue.answers.parts import Called

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)


@given(OBJECTS, st.sampled_from(["arguments", "parameters"]), st.sampled_from([None, 2]))
def test_arguments_are_kept_as_they_are_written(arguments: dict[str, object], key: str, indent: int | None) -> None:
    written = json.dumps(arguments, indent=indent, ensure_ascii=False)
    assert json_call(f' {{"name" : "find" ,"{key}": {written} }}\n') == Called("find", written)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", '"x"', "{}", '{"arguments": {}}', '{"name": 1, "arguments": {}}', '{"name": "f", "arguments": [1]}',
        '{"name": "f", "arguments": {"a": NaN}}', '{"name": "f", "arguments": "no"}', '{"name": "f"} and more',
        '{"name": "two words", "arguments": {}}', '{"name": "f", "arguments": {"a": 1}', '{"name": "f" "arguments": {}}',
        '{1: 2, "name": "f"}', '{"name": "f", "arguments": ' + "[" * 100_000 + "}",
    ],
)  # fmt: skip
def test_what_is_no_call(text: str) -> None:
    assert json_call(text) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [("null", "{}"), ('"{\\"a\\": 1}"', '{"a": 1}'), ('{"a": "x\ny"}', '{"a": "x\\ny"}'), (' {"a":1} ', '{"a":1}')],
)
def test_arguments_of_which_only_the_writing_is_wrong_are_mended(written: str, read: str) -> None:
    assert json_object(written) == read


def test_a_call_without_arguments_has_none() -> None:
    assert json_call('{"name": "now"}') == Called("now", "{}")


@given(OBJECTS, st.text(), st.data())
def test_the_end_of_an_object_is_found_in_any_pieces(value: dict[str, object], rest: str, data: st.DataObject) -> None:
    written = json.dumps(value, ensure_ascii=False)
    cut = data.draw(st.integers(0, len(written) - 1))
    end = ObjectEnd()
    assert end.feed(written[:cut]) == -1
    assert end.feed(written[cut:] + rest) == len(written) - cut


@pytest.mark.parametrize(
    ("text", "open_"), [('{"a', True), ('{"a"', False), ('{"a": "\\"', True), ('{"a": "\\\\"', False), ("{", False)]
)
def test_open_strings(text: str, open_: bool) -> None:
    assert ends_in_string(text) is open_


SCHEMAS = {
    "find": {
        "properties": {
            "text": {"type": "string"}, "most": {"type": "integer"}, "deep": {"type": "boolean"},
            "tags": {"type": "array"}, "maybe": {"type": ["string", "null"]},
        }
    }
}  # fmt: skip


def parameters(**values: str) -> str:
    return "".join(f"<parameter={name}>\n{value}\n</parameter>\n" for name, value in values.items())


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("text", "5", "5"), ("text", "  two\nlines ", "  two\nlines "), ("text", "<b>x</b>", "<b>x</b>"), ("text", "", ""),
        ("most", "5", 5), ("most", " 5 ", 5), ("most", "many", "many"), ("deep", "True", True), ("deep", "false", False),
        ("tags", '["a", "b"]', ["a", "b"]), ("tags", "['a', 1]", ["a", 1]), ("tags", "[1, NaN]", "[1, NaN]"),
        ("maybe", "null", None), ("maybe", "x", "x"), ("unknown", "7", "7"), ("most", "{1}", "{1}"),
    ],
)  # fmt: skip
def test_values_between_tags_become_what_the_schema_wants(name: str, written: str, read: object) -> None:
    call = tag_call(f"\n<function=find>\n{parameters(**{name: written})}</function>\n", SCHEMAS)
    assert call is not None
    assert (call.name, json.loads(call.arguments)) == ("find", {name: read})


@given(st.text().filter(lambda text: "</parameter>" not in text and "<parameter=" not in text))
def test_any_text_comes_through(text: str) -> None:
    call = tag_call(f"<function=find>\n{parameters(text=text)}</function>", SCHEMAS)
    assert call == Called("find", json.dumps({"text": text}, ensure_ascii=False))


def test_a_parameter_may_miss_its_last_tag() -> None:
    call = tag_call("<function=find>\n<parameter=text>\na\n<parameter=most>\n2\n</function>", SCHEMAS)
    assert call == Called("find", '{"text": "a", "most": 2}')


@pytest.mark.parametrize(
    "text",
    ["", "<function=find>", "<function=>x</function>", "<function=find>words</function>", "x <function=f></function>"],
)
def test_what_is_no_function(text: str) -> None:
    assert tag_call(text, SCHEMAS) is None
