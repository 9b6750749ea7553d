"""docs/how-to/settings.md has each setting once, with its type, its bounds and its default, and no other."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from daemon.config import STARTER_ROLES, Settings
from daemon.engines.spec import EngineSpec
from vault_sync.search.fusion import LEXICAL_WEIGHT, NAME_WEIGHT
from vault_sync.search.related import RELATED_WEIGHT

PAGE = Path(__file__).parents[3] / "docs/how-to/settings.md"
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
_MANY = {str: "texts", int: "whole numbers", float: "numbers"}
_OF_THE_SYSTEM = "the system's folder for data"
_FREE = {"roles", "engines"}
"""Tables whose keys are the user's: told in sections of their own."""


class Row(NamedTuple):
    """What stands in the page beside a key."""

    type: str
    default: str


def shown(value: object) -> str:
    """A default as it is written in famulus.toml."""
    if value is None:
        return "unset"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"


def named(annotation: Any) -> str:
    """A type in words."""
    given = [each for each in get_args(annotation) if each is not NoneType]
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in given)
    if origin is UnionType:
        return " or ".join(map(named, given))
    if origin in (list, tuple):
        item = given[0]
        return f"list of {_MANY[item]}" if item in _MANY else f"list of {named(item)}"
    if origin in (dict, Mapping) or getattr(origin, "__name__", "") == "Mapping":
        return f"table of {_MANY[given[1]]}"
    return _WORDS[annotation]


def bounds(field: FieldInfo) -> str:
    """The numbers that are allowed, in words; empty where all are."""
    low = next((each for each in field.metadata if isinstance(each, annotated_types.Ge | annotated_types.Gt)), None)
    high = next((each for each in field.metadata if isinstance(each, annotated_types.Le | annotated_types.Lt)), None)
    if isinstance(low, annotated_types.Ge) and isinstance(high, annotated_types.Le):
        return f"{low.ge} to {high.le}"
    words = []
    if low is not None:
        words.append(f"{low.ge} or more" if isinstance(low, annotated_types.Ge) else f"above {low.gt}")
    if high is not None:
        words.append(f"{high.le} or less" if isinstance(high, annotated_types.Le) else f"below {high.lt}")
    return " and ".join(words)


def row(field: FieldInfo) -> Row:
    kind = ", ".join(filter(None, (named(field.annotation), bounds(field))))
    if field.default_factory is not None:
        return Row(kind, _OF_THE_SYSTEM)
    return Row(kind, "required" if field.default is PydanticUndefined else shown(field.default))


def inner(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The table that a setting is, and whether there are several of it."""
    found = field.annotation
    several = get_origin(found) is list
    if several:
        (found,) = get_args(found)
    return (found, several) if isinstance(found, type) and issubclass(found, BaseModel) else (None, False)


def tables(model: type[BaseModel], name: str = "") -> Iterator[tuple[str, dict[str, Row]]]:
    """Each table of famulus.toml as its heading names it, with the settings in it."""
    rows: dict[str, Row] = {}
    deeper = []
    for key, field in model.model_fields.items():
        table, several = inner(field)
        if table is not None:
            deeper.append((table, f"{name}.{key}".strip("[].") if several else f"{name}.{key}".strip("."), several))
        elif name or key not in _FREE:
            rows[key] = row(field)
    yield name or "top", rows
    for table, place, several in deeper:
        for heading, below in tables(table, place):
            yield (f"[{heading}]" if several and heading == place else heading), below


def engine_rows() -> dict[str, Row]:
    found = {each.name: Row(named(each.type), engine_default(each)) for each in fields(EngineSpec)}
    del found["name"]  # it stands in the heading of the table
    return found


def engine_default(of: "Field[Any]") -> str:
    if of.default_factory is not MISSING:
        return shown(of.default_factory())
    return "required" if of.default is MISSING else shown(of.default)


WANTED = {**dict(tables(Settings)), "engines.NAME": engine_rows()}


def written() -> dict[str, dict[str, tuple[Row, str]]]:
    """The page: by table and key what stands there of type and default, and what the setting does."""
    found: dict[str, dict[str, tuple[Row, str]]] = {}
    table = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#{2,3} (?:`\[(.+)\]`|At the top)$", line):
            table = heading[1] or "top"
        elif cells := re.match(r"\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", line):
            key, kind, default, meaning = cells.groups()
            assert key not in found.setdefault(table, {}), f"[{table}] {key} stands there twice"
            found[table][key] = Row(kind, default), meaning
    return found


WRITTEN = written()


@pytest.mark.parametrize("table", WANTED)
def test_each_setting_stands_there_with_type_and_default(table: str) -> None:
    assert {key: told for key, (told, _) in WRITTEN[table].items()} == WANTED[table]


def test_no_other_table_stands_there() -> None:
    assert set(WRITTEN) - {"roles"} == set(WANTED)


def test_the_starter_roles_stand_there() -> None:
    given = {key: told.default for key, (told, _) in WRITTEN["roles"].items() if told.default != "unset"}
    assert given == {role: f"`{json.dumps(name)}`" for role, name in STARTER_ROLES.items()}


def test_what_an_unset_weight_is_stands_there() -> None:
    weights = {"lexical_weight": LEXICAL_WEIGHT, "name_weight": NAME_WEIGHT, "related_weight": RELATED_WEIGHT}
    assert all(f"unset, {weight:g}" in WRITTEN["search"][key][1] for key, weight in weights.items())


@pytest.mark.parametrize(
    "key", [f"{table}.{key}" for table in WANTED for key in WANTED[table] if key.endswith("_seconds")]
)
def test_a_time_says_its_unit(key: str) -> None:
    table, _, name = key.rpartition(".")
    assert "second" in WRITTEN[table][name][1]
