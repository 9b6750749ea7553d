"""Grammars, also those that a JSON schema means."""

import json
from collections.abc import Mapping
from functools import lru_cache

from llama_cpp.llama_grammar import RESERVED_NAMES, BuiltinRule, SchemaConverter

from daemon.engines.dialogue.answers.lazy import Body
from daemon.engines.dialogue.answers.schemas import spelled_out
from daemon.engines.dialogue.pieces import encodable
from daemon.engines.llama_cpp.native import trial
from daemon.engines.llama_cpp.native.tag_grammar import WHITE, one_of, quoted, tag_rules
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import Sampling

_SAID_BEFORE = frozenset(("$ref", "oneOf", "anyOf", "const"))
"""What the library reads in place of an `enum` beside it."""
_INTRICATE = "it is too intricate to be read"
_LETTER = BuiltinRule(r'[^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})', [])
"""A character of a string in JSON: a line break must not stand there bare, as the library's own rule lets it."""


def grammar_of(sampling: Sampling) -> str:
    """The GBNF that an answer must keep to, "" where it is free. Raises WorkerError."""
    if sampling.grammar or not sampling.json_schema:
        return encodable(sampling.grammar)
    return grammar_of_schema(sampling.json_schema, "")


def grammar_of_call(body: Body) -> str:
    """The GBNF of the rest of a call. Raises WorkerError."""
    rules = grammar_of_tags(body.schema) if body.in_tags else grammar_of_schema(body.schema, "call")
    if body.in_tags and not body.lead:
        return f"{rules}\nroot ::= call\n"
    return f"{rules}\nroot ::= {WHITE} {quoted(body.lead)} call {WHITE} {quoted(body.closer)}\n"


@lru_cache(64)
def grammar_of_tags(schemas: str) -> str:
    """The GBNF of a call in tags, by the schemas of the tools as JSON text. Raises WorkerError."""
    if not trial.survives(tags=schemas):
        raise worker_errors.bad_schema(ValueError(_INTRICATE))
    converter = _new_converter()

    def json_rule(name: str, schema: Mapping[str, object]) -> str:
        return str(converter.visit(converter.resolve_refs(spelled_out(schema), "schema"), name))

    try:
        rules = tag_rules(json.loads(schemas), json_rule)
        return encodable("\n".join([*rules, converter.format_grammar()]))
    except Exception as error:
        raise worker_errors.bad_schema(error) from error


@lru_cache(64)
def grammar_of_schema(schema: str, root: str) -> str:
    """The GBNF of JSON by a schema, with this name for its first rule. Raises WorkerError."""
    if not trial.survives(schema=schema, root=root):
        raise worker_errors.bad_schema(ValueError(_INTRICATE))
    converter = _new_converter()
    try:
        resolved = converter.resolve_refs(spelled_out(json.loads(schema)), "schema")
        converter.visit(resolved, root)
        return encodable(converter.format_grammar())
    except Exception as error:
        raise worker_errors.bad_schema(error) from error


class _Converter(SchemaConverter):  # type: ignore[misc]
    """The library's, but for letters of strings, and for constants and names with quotes, backslashes or umlauts."""

    def visit(self, schema: Mapping[str, object], name: str) -> str:
        choices = schema.get("enum")
        if not isinstance(choices, list) or not choices or _SAID_BEFORE & schema.keys():
            return str(super().visit(schema, name))
        texts = (json.dumps(each, ensure_ascii=not isinstance(each, str)) for each in choices)
        return str(self._add_rule(f"{name}-" if name in RESERVED_NAMES else name or "root", one_of(texts)))

    def _format_literal(self, literal: str) -> str:
        if literal.startswith('"'):
            literal = json.dumps(json.loads(literal), ensure_ascii=False)
        return quoted(literal)

    def _add_primitive(self, name: str, rule: BuiltinRule) -> str:
        return str(super()._add_primitive(name, _LETTER if name == "char" else rule))


def _new_converter() -> _Converter:
    return _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
