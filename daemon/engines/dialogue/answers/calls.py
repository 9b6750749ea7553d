"""Calls of tools as models write them: a JSON object, or Qwen3-Coder's tags. Pure."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from daemon.engines.dialogue.answers.parts import Called, Schemas

_SPACE = re.compile(r"\s*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NAME = re.compile(r"[\w.:/-]+")
_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>(.*)</function>\s*", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None, "none": None}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(strict=False, parse_constant=_refuse)


def json_call(text: str) -> Called | None:
    """The call in a JSON object with `name` and `arguments` (or `parameters`), None where it is no such object."""
    try:
        members = dict(_members(text))
        name = _DECODER.decode(members.get("name", "null"))
        arguments = json_object(members.get("arguments", members.get("parameters", "{}")))
    except (ValueError, RecursionError):
        return None
    if arguments is None or not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    return Called(name, arguments)


def json_object(text: str) -> str | None:
    """JSON text of an object as it stands, mended where only its writing is wrong; None where it is no object.

    Models also write `null` for no arguments, and objects within a string.
    """
    try:
        value = _DECODER.decode(text)
        if isinstance(value, str):
            text, value = value, _DECODER.decode(value)
    except (ValueError, RecursionError):
        return None
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        return None
    try:
        json.loads(text)
    except ValueError:  # a line break that stands bare in a string
        return json.dumps(value)
    return text.strip()


def _members(text: str) -> Iterator[tuple[str, str]]:
    """The keys of a JSON object with their values as they are written. Raises ValueError."""
    at = _after(text, 0, "{")
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        if not isinstance(key, str):
            raise ValueError("a key is no string")
        start = _after(text, at, ":")
        _, at = _DECODER.raw_decode(text, start)
        yield key, text[start:at]
        at = _skip(text, at)
        if text[at : at + 1] != "}":
            at = _after(text, at, ",")
    if text[at + 1 :].strip():
        raise ValueError("something follows the object")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _after(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise ValueError(f"{mark} is missing")
    return _skip(text, at + 1)


def ends_in_string(text: str) -> bool:
    """Whether a string of this JSON text is still open at its end."""
    return '"' in _STRING.sub("", text)


class ObjectEnd:
    """Finds the end of a JSON object that comes in pieces."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, text: str) -> int:
        """The index behind the closing brace in this piece, -1 where the object goes on."""
        for index, letter in enumerate(text):
            if self._quoted:
                self._quoted = self._escaped or letter != '"'
                self._escaped = letter == "\\" and not self._escaped
            elif letter == '"':
                self._quoted = True
            elif letter in "{[":
                self._depth += 1
            elif letter in "}]":
                self._depth -= 1
                if self._depth <= 0:
                    return index + 1
        return -1


def tag_call(text: str, schemas: Schemas) -> Called | None:
    """The call in `<function=…><parameter=…>…</parameter></function>`, None where it is none.

    A value is text; where the tool's schema wants something else it is read as that.
    """
    function = _FUNCTION.fullmatch(text)
    if function is None or not _NAME.fullmatch(function[1].strip()):
        return None
    if _PARAMETER.sub("", function[2]).strip():
        return None
    name = function[1].strip()
    properties = schemas.get(name, {}).get("properties", {})
    known = properties if isinstance(properties, Mapping) else {}
    arguments = {
        key.strip(): _value(_bare(raw), known.get(key.strip())) for key, raw in _PARAMETER.findall(function[2])
    }
    return Called(name, json.dumps(arguments, ensure_ascii=False))


def _bare(raw: str) -> str:
    """A value without the line breaks between it and its tags."""
    return raw.removeprefix("\n").removesuffix("\n")


def _value(raw: str, schema: object) -> object:
    kinds = _kinds(schema)
    constant = raw.strip().lower()
    if not kinds or "string" in kinds:
        return None if constant in ("null", "none") and "null" in kinds else raw
    if constant in _CONSTANTS:
        return _CONSTANTS[constant]
    for read in (_DECODER.decode, ast.literal_eval):  # the template shows past calls as Python writes them
        try:
            value = read(raw.strip())
            json.dumps(value, allow_nan=False)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return value
    return raw


def _kinds(schema: object) -> frozenset[str]:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return frozenset(map(str, kind)) if isinstance(kind, list) else frozenset({kind} if isinstance(kind, str) else ())
