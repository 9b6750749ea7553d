"""GBNF of a call in tags, `<function=NAME><parameter=KEY>VALUE</parameter></function>`: what the reader takes for whole."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from daemon.engines.dialogue.answers.parts import Schemas
from daemon.engines.llama_cpp.prefix import common

WHITE = r"[ \t\n]{0,20}"
_DEEP = 100
_VALUE_ENDS = "</parameter>"
JsonRule = Callable[[str, Mapping[str, object]], str]
"""Adds the rules of JSON by a schema under a name; gives the name of the first one."""


def quoted(text: str) -> str:
    """The text itself, as GBNF writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def one_of(texts: Iterable[str], deep: int = _DEEP) -> str:
    """Any of these texts, as GBNF. What some begin with stands there once, down to groups so `deep` within each other:
    llama.cpp looks at each alternative with each token of the vocabulary."""
    ordered = sorted(set(texts))
    if not deep:
        return " | ".join(map(quoted, ordered))
    found = []
    for _, group in groupby(ordered, lambda text: text[:1]):
        alike = list(group)
        start = alike[0][: common(alike[0], alike[-1])]
        rest = [text[len(start) :] for text in alike if text != start]
        optional = "?" if start == alike[0] else ""
        found.append(f"{quoted(start)} ({one_of(rest, deep - 1)}){optional}" if rest else quoted(start))
    return " | ".join(found)


def tag_rules(schemas: Schemas, json_rule: JsonRule) -> list[str]:
    """Rules for what follows `<function=`; the first is named `call`. Parameters stand in the order of the schema."""
    rules = [f"call ::= {' | '.join(f'call-{number}' for number in range(len(schemas)))}", *_text_rules()]
    for number, (name, schema) in enumerate(schemas.items()):
        parts = [quoted(f"{name}>"), WHITE]
        required = schema.get("required")
        for place, (key, one) in enumerate(_properties(schema).items()):
            value = _value(one, schema, f"call-{number}-{place}", json_rule)
            parameter = f"{quoted(f'<parameter={key}>')} {value} {WHITE}"
            needed = isinstance(required, list) and key in required
            parts.append(parameter if needed else f"({parameter})?")
        rules.append(f"call-{number} ::= {' '.join(parts)} {quoted('</function>')}")
    return rules


def _properties(schema: Mapping[str, object]) -> Mapping[str, object]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _value(one: object, schema: Mapping[str, object], name: str, json_rule: JsonRule) -> str:
    """A value and the tag that ends it. Text stands as it is, but for a line break on both sides."""
    meant = _resolved(one, schema)
    choices = meant.get("enum", [meant["const"]] if "const" in meant else None)
    if isinstance(choices, list) and choices and all(isinstance(each, str) for each in choices):
        return f'"\\n"? ({one_of(choices)}) "\\n"? {quoted(_VALUE_ENDS)}'
    kinds = meant.get("type")
    if kinds is None or "string" in (kinds if isinstance(kinds, list) else [kinds]):
        return "text-0"
    defined = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    return f"{WHITE} {json_rule(name, {**defined, **meant})} {WHITE} {quoted(_VALUE_ENDS)}"


def _resolved(one: object, schema: Mapping[str, object]) -> Mapping[str, object]:
    """What a schema means that may refer to the definitions beside it."""
    if not isinstance(one, Mapping):
        return {}
    target: object = schema
    for step in str(one["$ref"]).split("/")[1:] if "$ref" in one else ():
        target = target.get(step) if isinstance(target, Mapping) else None
    found = target if "$ref" in one else one
    return found if isinstance(found, Mapping) else {}


def _text_rules() -> list[str]:
    """Any text up to the first closing tag of a value, with the tag: `text-N` has read N characters of the tag."""
    rules = []
    for number, letter in enumerate(_VALUE_ENDS):
        goes_on = f"text-{number + 1}" if number + 1 < len(_VALUE_ENDS) else ""
        others = "[^<] text-0" if letter == "<" else f'[^<{letter}] text-0 | "<" text-1'
        rules.append(f'text-{number} ::= "{letter}" {goes_on} | {others}')
    return rules
