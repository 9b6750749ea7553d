"""JSON schemas: one that holds an answer to be a call of a tool, and others in words that become a grammar. Pure."""

from collections.abc import Mapping

from daemon.engines.dialogue.answers.parts import Schemas

NO_ARGUMENTS: Mapping[str, object] = {"type": "object", "properties": {}}
_SHARED = ("$defs", "definitions")
_MOST_COUNTED = 1000
"""What may come more often than this, a grammar lets come without end: it would be nested as deeply."""
_LEAST, _MOST = ("minItems", "minLength"), ("maxItems", "maxLength")
_ANY = ("object", "array", "string", "number", "boolean", "null")
_SAYING = frozenset(
    ("type", "const", "enum", "anyOf", "oneOf", "allOf", "$ref", "properties", "items", "prefixItems", "pattern")
)


def one_call(schemas: Schemas, arguments: str) -> dict[str, object]:
    """The schema of `{"name": …, ARGUMENTS: {…}}` for any of these tools; `arguments` is what the format calls them.

    What a tool's schema defines for itself is moved to the top under a name of its own, for the references to reach it.
    """
    calls: list[object] = []
    shared: dict[str, object] = {}
    for number, (name, schema) in enumerate(schemas.items()):
        own = {key: value for key, value in (schema or NO_ARGUMENTS).items() if key not in _SHARED}
        calls.append(
            {
                "type": "object",
                "properties": {"name": {"const": name}, arguments: _renamed(own, number)},
                "required": ["name", arguments],
            }
        )
        for place in _SHARED:
            definitions = schema.get(place)
            if isinstance(definitions, Mapping):
                shared |= {_own_name(key, number): _renamed(value, number) for key, value in definitions.items()}
    return {"anyOf": calls, "$defs": shared}


def _renamed(value: object, number: int) -> object:
    if isinstance(value, list):
        return [_renamed(one, number) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {key: _reference(one, number) if key == "$ref" else _renamed(one, number) for key, one in value.items()}


def _reference(target: object, number: int) -> object:
    for place in _SHARED:
        if isinstance(target, str) and target.startswith(f"#/{place}/"):
            return f"#/$defs/{_own_name(target.removeprefix(f'#/{place}/'), number)}"
    return target


def _own_name(name: str, number: int) -> str:
    return f"tool{number}-{name}"


def spelled_out(schema: object) -> dict[str, object]:
    """The same schema, in which what may be anything lists what that is, and several types are alternatives.

    The converter to grammars knows neither, and forgets what else is said beside several types. Large counts are left
    out of it: they would become grammars that llama.cpp can not read.
    """
    if not isinstance(schema, Mapping) or not _SAYING & schema.keys():
        return {"anyOf": [{"type": kind} for kind in _ANY]}
    if isinstance(kinds := schema.get("type"), list):
        return spelled_out({"anyOf": [{**schema, "type": kind} for kind in kinds]})
    return {
        key: _spelled_out(key, value)
        for key, value in schema.items()
        if value is not None and not (key in _MOST and _beyond(value))
    }


def _beyond(count: object) -> bool:
    return isinstance(count, int | float) and count > _MOST_COUNTED


def _spelled_out(key: str, value: object) -> object:
    if key in ("properties", *_SHARED) and isinstance(value, Mapping):
        return {name: spelled_out(one) for name, one in value.items()}
    if key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
        return [spelled_out(one) for one in value]
    if key == "items" or (key == "additionalProperties" and value is not False):
        return [spelled_out(one) for one in value] if isinstance(value, list) else spelled_out(value)
    return _MOST_COUNTED if key in _LEAST and _beyond(value) else value
