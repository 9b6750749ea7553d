from typing import Any

import pytest

from daemon.engines.dialogue.answers.schemas import one_call, spelled_out


def test_each_tool_is_a_choice_with_its_name_and_its_own_arguments() -> None:
    schemas = {"find": {"type": "object", "properties": {"text": {"type": "string"}}}, "now": {}}
    assert one_call(schemas, "arguments")["anyOf"] == [
        {
            "type": "object",
            "properties": {"name": {"const": "find"}, "arguments": schemas["find"]},
            "required": ["name", "arguments"],
        },
        {
            "type": "object",
            "properties": {"name": {"const": "now"}, "arguments": {"type": "object", "properties": {}}},
            "required": ["name", "arguments"],
        },
    ]


def test_definitions_of_the_same_name_are_kept_apart() -> None:
    def tool(kind: str, place: str) -> dict[str, Any]:
        return {
            "properties": {"at": {"$ref": f"#/{place}/Place"}, "all": {"type": "array", "items": [{"$ref": "other"}]}},
            place: {"Place": {"type": kind, "items": {"$ref": f"#/{place}/Place"}}},
        }

    schema: Any = one_call({"a": tool("string", "$defs"), "b": tool("array", "definitions")}, "parameters")
    for number, kind in enumerate(("string", "array")):
        reference = f"#/$defs/tool{number}-Place"
        parameters = schema["anyOf"][number]["properties"]["parameters"]
        assert set(parameters) == {"properties"}
        assert parameters["properties"]["at"] == {"$ref": reference}
        assert parameters["properties"]["all"]["items"] == [{"$ref": "other"}]
        assert schema["$defs"][f"tool{number}-Place"] == {"type": kind, "items": {"$ref": reference}}


ANYTHING = {"anyOf": [{"type": kind} for kind in ("object", "array", "string", "number", "boolean", "null")]}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({}, ANYTHING),
        (True, ANYTHING),
        ({"description": "What you like."}, ANYTHING),
        ({"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^a$"}),
        ({"type": "string", "minLength": 2, "maxLength": 1000}, {"type": "string", "minLength": 2, "maxLength": 1000}),
        ({"type": "string", "minLength": 5000, "maxLength": 20_000}, {"type": "string", "minLength": 1000}),
        (
            {"type": "array", "items": {"type": "string", "maxLength": 1001}, "minItems": 10**9, "maxItems": 10**9},
            {"type": "array", "items": {"type": "string"}, "minItems": 1000},
        ),
        ({"properties": {"maxItems": {"type": "integer"}}}, {"properties": {"maxItems": {"type": "integer"}}}),
        (
            {"type": ["string", "null"], "enum": ["a", None]},
            {"anyOf": [{"type": "string", "enum": ["a", None]}, {"type": "null", "enum": ["a", None]}]},
        ),
        (
            {"type": "object", "properties": {"a": {"title": "A"}}, "additionalProperties": True},
            {"type": "object", "properties": {"a": ANYTHING}, "additionalProperties": ANYTHING},
        ),
        (
            {"properties": {"type": {"type": "string"}}, "additionalProperties": False},
            {"properties": {"type": {"type": "string"}}, "additionalProperties": False},
        ),
        ({"type": "array", "items": {}}, {"type": "array", "items": ANYTHING}),
        ({"anyOf": [{}, {"$ref": "#/$defs/X"}], "$defs": {"X": {}}},
         {"anyOf": [ANYTHING, {"$ref": "#/$defs/X"}], "$defs": {"X": ANYTHING}}),
    ],
)  # fmt: skip
def test_what_may_be_anything_is_spelled_out(schema: object, wanted: dict[str, Any]) -> None:
    assert spelled_out(schema) == wanted
