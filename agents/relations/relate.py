"""What notes are to a note, and why, asked of a model: several in one request, under a JSON schema, each only once.

A model is asked only where it proved to tell relations (`agents/relations/relation_probe.py`), and what it says is checked: the
relation is one of three, and the reason one or two sentences in the note's language that the other note bears out.
"""

import asyncio
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.answering.mastery import identity
from agents.errors import AgentError, ContextLengthError
from agents.ports import ChatEngine, ChatRequest, Message, Roles
from agents.reasons.reason import LANGUAGES, Prompts, supported, whole_sentences, written
from agents.related.section import RELATIONS, Relation
from agents.sentences import plain
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath
from vault_sync.text import language_of

_log = logging.getLogger(__name__)
PROMPT = "link-relation"
AT_ONCE = 4
"""Other notes in one request: more would crowd a small context, fewer read the first note more often."""
_MOST_CHARS = 600
_TOKENS_EACH = 90
_TOKENS_AROUND = 20
_FENCE = re.compile(r"</?\s*(?:note|other)\b[^>\n]*>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Side:
    """A note as a model is shown it."""

    path: VaultPath
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a note is to another; `reason` is empty where none passed the checks."""

    relation: Relation
    reason: str = ""


class Proof(Protocol):
    """Says whether a model proved that it tells relations."""

    async def relates(self, engine: ChatEngine, language: str) -> bool:
        """Whether what the engine says of notes in `language` can be relied on."""
        ...


def request(prompts: Prompts, note: Side, others: Sequence[Side], language: str) -> ChatRequest:
    """The request for all of `others` at once. What stays the same stands first: instructions, then the note."""
    system = prompts.render(PROMPT, language=LANGUAGES.get(language, "English"))
    shown = [_fenced("note", note), *(_fenced("other", other, number) for number, other in enumerate(others, start=1))]
    messages = (Message("system", system), Message("user", "\n\n".join(shown)))
    tokens = _TOKENS_AROUND + _TOKENS_EACH * len(others)
    return ChatRequest(messages, max_tokens=tokens, json_schema=schema(len(others)), priority="bulk", think=False)


def schema(count: int) -> dict[str, object]:
    """The JSON schema of an answer on so many notes."""
    fields = {"relation": {"type": "string", "enum": list(RELATIONS)}, "reason": {"type": "string"}}
    each = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    numbers = [str(number) for number in range(1, count + 1)]
    return {
        "type": "object",
        "properties": dict.fromkeys(numbers, each),
        "required": numbers,
        "additionalProperties": False,
    }


def judgements(answer: str, count: int) -> list[Judgement | None]:
    """What an answer says of each of `count` notes, reasons unchecked; None where it says nothing that counts."""
    try:
        said = json.loads(answer)
    except ValueError:
        return [None] * count
    return [_judgement(said.get(str(n)) if isinstance(said, dict) else None) for n in range(1, count + 1)]


def _judgement(said: object) -> Judgement | None:
    relation = next((one for one in RELATIONS if isinstance(said, dict) and said.get("relation") == one), None)
    if relation is None or not isinstance(said, dict):
        return None
    reason = said.get("reason")
    return Judgement(relation, reason if isinstance(reason, str) else "")


def checked(reason: str, note: Side, other: Side, language: str) -> str:
    """The reason on one line where it may be shown, else an empty string."""
    line = " ".join(reason.split())
    told = whole_sentences(line)
    if not 1 <= len(told) <= 2 or " ".join(told) != line or language_of(line) != language:
        return ""
    bearer, reader = other.text[:_MOST_CHARS], f"{note.title}\n{note.text[:_MOST_CHARS]}"
    return line if all(supported(one, bearer, reader) for one in told) else ""


class Relater:
    """Asks the role `writer`. What it said of a pair is kept in the state until one of the texts changes."""

    def __init__(self, roles: Roles, proof: Proof, prompts: Prompts, state: State) -> None:
        """Only a model that `proof` vouches for is asked."""
        self._roles = roles
        self._proof = proof
        self._prompts = prompts
        self._state = state

    async def judge(self, note: Side, others: Sequence[Side], language: str) -> dict[VaultPath, Judgement]:
        """What each of `others` is to `note`; those are missing of which no model says anything that counts."""
        try:
            engine = self._roles["writer"]
            if not others or not await self._proof.relates(engine, language):
                return {}
            model = await asyncio.to_thread(identity, engine)
            keys = {other.path: self._key(model, note, other, language) for other in others}
            known = self._known(note.path, keys)
            new = [other for other in others if other.path not in known]
            for start in range(0, len(new), AT_ONCE):
                part = new[start : start + AT_ONCE]
                for other, one in zip(part, await self._said(engine, note, part, language), strict=True):
                    known[other.path] = _passed(one, note, other, language)
                    self._keep(note.path, other.path, keys[other.path], known[other.path])
        except (AgentError, KeyError):
            _log.info("No engine told relations; structure decides.", exc_info=True)
            return {}
        return {path: one for path, one in known.items() if one is not None}

    async def _said(
        self, engine: ChatEngine, note: Side, others: Sequence[Side], language: str
    ) -> list[Judgement | None]:
        """What the engine says of each; in smaller parts where it has no room for all, None where not even for one."""
        try:
            answer = await written(engine, request(self._prompts, note, others, language))
        except ContextLengthError:
            half = len(others) // 2
            if not half:
                return [None]
            first = await self._said(engine, note, others[:half], language)
            return first + await self._said(engine, note, others[half:], language)
        return judgements(answer, len(others))

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget what was said of these notes."""
        rows = self._state.rows("SELECT path, target FROM judgements")
        lost = [(r["path"], r["target"]) for r in rows if gone(VaultPath(r["path"])) or gone(VaultPath(r["target"]))]
        with self._state.transaction() as connection:
            connection.executemany("DELETE FROM judgements WHERE path = ? AND target = ?", lost)

    def _key(self, model: str, note: Side, other: Side, language: str) -> str:
        asked = request(self._prompts, note, [other], language)
        parts = (model, *(message.content for message in asked.messages))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _known(self, path: VaultPath, keys: Mapping[VaultPath, str]) -> dict[VaultPath, Judgement | None]:
        rows = self._state.rows("SELECT target, key, relation, reason FROM judgements WHERE path = ?", (path,))
        fresh = [row for row in rows if keys.get(VaultPath(row["target"])) == row["key"]]
        return {VaultPath(r["target"]): Judgement(r["relation"], r["reason"]) if r["relation"] else None for r in fresh}

    def _keep(self, path: VaultPath, target: VaultPath, key: str, said: Judgement | None) -> None:
        relation, reason = (said.relation, said.reason) if said else ("", "")
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO judgements (path, target, key, relation, reason, at) VALUES (?, ?, ?, ?, ?, ?)",
                (path, target, key, relation, reason, time.time()),
            )


def _passed(said: Judgement | None, note: Side, other: Side, language: str) -> Judgement | None:
    return said and Judgement(said.relation, checked(said.reason, note, other, language))


def _fenced(tag: str, side: Side, number: int = 0) -> str:
    title = re.sub(r'[<>"\s]+', " ", side.title).strip()
    count = f' number="{number}"' if number else ""
    return f'<{tag}{count} title="{title}">\n{plain_lines(side.text)}\n</{tag}>'


def plain_lines(text: str) -> str:
    """The beginning of a note's text as data: nothing in it can end its fence."""
    return plain(_FENCE.sub(" ", text[:_MOST_CHARS]))
