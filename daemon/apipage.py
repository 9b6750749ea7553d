"""The page that shows the API, made of its OpenAPI description: one page of plain HTML, which runs and loads nothing.

FastAPI's own page fetches its program from a CDN: it would tell others that Famulus runs here, be empty without the
network, and run a stranger's program on the page where the token is entered.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Schema = Mapping[str, Any]

SECURITY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: not even its own text could make it load something."""
_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
code, pre { font-family: ui-monospace, monospace; font-size: .92em; }
details { margin: .4rem 0; padding: .4rem .8rem; border: 1px solid #8886; border-radius: .4rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4rem; }
div.wide { overflow-x: auto; } table { border-collapse: collapse; }
td { padding: .15rem .8rem .15rem 0; vertical-align: top; } caption { text-align: left; font-weight: 600; }
"""


def page(api: Schema) -> str:
    """The whole page."""
    info = api["info"]
    parts = [*_operations(api)]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}: the API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>{_text(info['description'])}"
        '<p>For programs the same is at <a href="/openapi.json">/openapi.json</a>.</p>'
        f"{''.join(parts)}</body></html>"
    )


def _operations(api: Schema) -> Iterator[str]:
    """Headings and routes, the routes of one tag together."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            tag = next(iter(operation.get("tags", ())), "other")
            by_tag.setdefault(tag, []).append(_operation(api, method, path, operation))
    for tag, shown in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>{''.join(shown)}"


def _operation(api: Schema, method: str, path: str, operation: Schema) -> str:
    parameters = [
        (each["name"], "in the path" if each["in"] == "path" else "", each.get("required", False), each["schema"])
        for each in operation.get("parameters", ())
    ]
    tables = _table(api, "Parameters", parameters)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        tables += _table(api, "JSON body", list(_fields(api, body)))
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code></summary>"
        f"{_text(operation.get('description', ''))}{tables}</details>"
    )


def _fields(api: Schema, schema: Schema) -> Iterator[tuple[str, str, bool, Schema]]:
    """Name, remark, whether it is required, and schema of each field of an object."""
    found = _resolved(api, schema)
    for name, field in found.get("properties", {}).items():
        yield name, field.get("description", ""), name in found.get("required", ()), field


def _table(api: Schema, title: str, rows: list[tuple[str, str, bool, Schema]]) -> str:
    if not rows:
        return ""
    shown = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind(api, schema))}</td>"
        f"<td>{'required' if required else _default(schema)}</td><td>{escape(remark)}</td></tr>"
        for name, remark, required, schema in rows
    )
    return f'<div class="wide"><table><caption>{title}</caption>{shown}</table></div>'


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "" if default in (None, "", [], {}) else f"default <code>{escape(str(default))}</code>"


def kind(api: Schema, schema: Schema) -> str:
    """The type of a value in a few words, such as `list of text` or `whole number, or null`."""
    if "$ref" in schema:
        return ", ".join(_fields_named(api, schema)) or kind(api, _resolved(api, schema))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return ", or ".join(dict.fromkeys(kind(api, each) for each in choices))
    if "enum" in schema or "const" in schema:
        return " | ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {kind(api, schema.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    named = str(schema.get("type", "anything"))
    return words.get(named, named)


def _fields_named(api: Schema, schema: Schema) -> list[str]:
    names = list(_resolved(api, schema).get("properties", ()))
    return ["{" + ", ".join(names) + "}"] if names else []


def _resolved(api: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _text(description: str) -> str:
    """Paragraphs; what stands in backticks is code."""
    return "".join(f"<p>{_inline(part)}</p>" for part in description.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{escape(each)}</code>" if number % 2 else escape(each) for number, each in enumerate(pieces))
