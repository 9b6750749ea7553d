"""Tokens that steer a model, such as `<|im_end|>`, made harmless where they stand in what somebody wrote.

llama.cpp reads messages without them (`parse_special`); vLLM reads a text of a message like its own template. A note that
holds such a token could otherwise end its own turn and speak in another's name.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.ports import Message

_GAP = "\u200b"
"""Stands behind the first character: a reader sees the same, the model no token."""


def control_tokens(folder: Path) -> list[str]:
    """The tokens that the tokenizer in a model's folder was given beside its vocabulary; none where it tells none."""
    decoder = _json(folder / "tokenizer_config.json").get("added_tokens_decoder")
    added = decoder.values() if isinstance(decoder, dict) else _json(folder / "tokenizer.json").get("added_tokens")
    rows = [row for row in added or [] if isinstance(row, dict) and isinstance(row.get("content"), str)]
    return [
        row["content"] for row in rows if len(row["content"]) > 1 and (row.get("special") or row["content"][0] == "<")
    ]


def pattern_of(tokens: Iterable[str]) -> re.Pattern[str] | None:
    """What finds them; the longest of those that begin alike. None for none."""
    ordered = sorted(tokens, key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def harmless(messages: Iterable[Message], pattern: re.Pattern[str] | None) -> tuple[Message, ...]:
    """The messages without control tokens."""
    if pattern is None:
        return tuple(messages)
    return tuple(replace(message, content=pattern.sub(_apart, message.content)) for message in messages)


def _apart(found: re.Match[str]) -> str:
    return found[0][0] + _GAP + found[0][1:]


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
