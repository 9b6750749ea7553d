"""The shapes of the inbox on the wire."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.inbox.choice import Choice
from agents.inbox.gate import Bar
from agents.inbox.suggestion import Suggestion, SuggestionState
from agents.inbox.threshold import Share
from daemon import wire
from daemon.linking.deciding import Outcome, Summary
from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.parse import decode
from vault_sync.paths import vault_path
from vault_sync.writing.edit import content_hash

_AROUND = 120
"""Characters of a note's line that are shown before and after the place of a suggestion; `…` says that there is more."""


class DecideBody(BaseModel):
    """Which suggestions are meant: ids (or beginnings of ids), or all that fit every other field.

    `everything` is needed where no field says anything. `hidden` ones are meant only where that is set. With `dry_run`
    nothing is decided, and the answer tells what would be. With the `run` of an earlier answer what is accepted goes into
    the same run of the journal.
    """

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field([], max_length=100_000)
    state: Literal["pending", "stale", "rejected"] | None = None
    folder: str = ""
    kind: str = ""
    target: str = ""
    min_score: float | None = None
    max_score: float | None = None
    everything: bool = False
    hidden: bool = False
    dry_run: bool = False
    run: str = Field("", max_length=32, pattern=r"^[0-9a-z]*$")

    def choice(self) -> Choice:
        """The choice that it means. Raises BadPathError."""
        return Choice(
            tuple(self.ids),
            self.state,
            *(folder_of(self.folder), self.kind, folder_of(self.target), self.min_score, self.max_score),
        )


class KindBody(BaseModel):
    """Names a kind of suggestion."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(min_length=1)


def folder_of(text: str) -> str:
    """A folder or note as the suggestions name it, empty for the whole vault. Raises BadPathError."""
    cleaned = text.replace("\\", "/").strip("/")
    return vault_path(cleaned) if cleaned else ""


def suggestion(each: Suggestion, data: bytes | None, *, shown: bool) -> dict[str, Any]:
    """A suggestion as the API shows it, beside the bytes of its note as they are now."""
    try:
        text = decode(data) if data is not None else None
    except UnreadableNoteError:
        text = None
    same = data is not None and content_hash(data) == each.edit.base_hash
    context = _context(each, text) if same and text is not None else None
    return {**wire.suggestion_json(each, text), "hidden": not shown, "context": context}


def _context(each: Suggestion, text: str) -> dict[str, str] | None:
    """What stands before and after the place in its line, None for what is no change within a line."""
    span = each.edit.span
    if "\n" in each.edit.before + each.edit.after:
        return None
    before, after = text[: span.start].rpartition("\n")[2], text[span.end :].partition("\n")[0]
    return {
        "before": before if len(before) <= _AROUND else f"…{before[-_AROUND:]}",
        "after": after if len(after) <= _AROUND else f"{after[:_AROUND]}…",
    }


def outcomes(found: Sequence[Outcome], run: str) -> dict[str, Any]:
    """What became of many; `run` names the writes in the journal, empty where there are none."""
    done = sum(each.state is not None and not each.code for each in found)
    return {"count": len(found), "done": done, "run": run, "results": [_outcome(each) for each in found]}


def _outcome(each: Outcome) -> dict[str, Any]:
    shape = {"id": each.id, "state": each.state, "reason": each.reason}
    return shape | {"code": each.code} if each.code else shape


def would(found: Sequence[Suggestion], state: SuggestionState) -> dict[str, Any]:
    """What a dry run tells: of how many it speaks, and of which."""
    named = [{"id": s.id, "state": s.state, "reason": f"It would be {state}.", "path": s.path} for s in found]
    return {"count": len(named), "done": 0, "run": "", "results": named}


def summary(found: Summary, bars: Sequence[Bar]) -> dict[str, Any]:
    """How many suggestions there are, and where the thresholds are and why."""
    return {
        "counts": [dataclasses.asdict(each) for each in found.counts],
        "folders": [dataclasses.asdict(each) for each in found.folders],
        "thresholds": [_bar(each) for each in bars],
    }


def _bar(bar: Bar) -> dict[str, Any]:
    lesson = bar.lesson
    return {
        "kind": bar.kind,
        "chosen": bar.chosen,
        "hidden_to": lesson.low,
        "applied_from": lesson.high,
        "hidden_decisions": _share(lesson.below),
        "applied_decisions": _share(lesson.above),
        "decisions": _share(lesson.all),
    }


def _share(share: Share) -> dict[str, int]:
    return {"decided": share.decided, "refused": share.refused}
