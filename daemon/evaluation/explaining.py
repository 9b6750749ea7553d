"""`famulus why`: why a note was not found, or where it stands. For whoever asks, hidden notes are as if not there."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from daemon.config import Settings
from vault_sync.errors import NoteNotFoundError
from vault_sync.index.records import NoteRecord
from vault_sync.notes.alike import alike
from vault_sync.notes.pdf import INSTALL
from vault_sync.paths import VaultPath, is_note, vault_path
from vault_sync.policy.bars import Bar, bar
from vault_sync.policy.policy import Policy
from vault_sync.search.filter import Filter
from vault_sync.search.why import LaneRank, Standing, standing
from vault_sync.vault import Vault

if TYPE_CHECKING:
    from daemon.compose import Famulus

Verdict = Literal["unknown", "excluded", "pending", "failed", "empty", "filtered", "unmatched", "outranked", "found"]

SHOWN = 10
"""Passages that a search shows where nobody says how many: a note below them is outranked."""
_HIDDEN = (
    "Check the spelling, or give the whole path. A note that asks to be left alone (`private: true` or "
    "`famulus-ignore: true` in its frontmatter) is as one that does not exist."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on one note and one query, with the reason and what to do.

    `path` is the note that was meant, where there is one; `alike` are notes of similar names where there is none.
    `changed_since` says that the file was changed since it was indexed, so that all else is about its older text.
    """

    query: str
    path: str | None
    verdict: Verdict
    reason: str
    fix: str = ""
    alike: tuple[str, ...] = ()
    changed_since: bool = False
    standing: Standing | None = None


def explain(famulus: "Famulus", query: str, name: str, narrow: Filter = Filter()) -> Explanation:  # noqa: B008
    """Why a search for `query` among `narrow` did not find the note, given by path or title.

    Raises BadPathError, EmbedderError.
    """
    path = vault_path(name)
    policy = famulus.policy.current
    file = path if is_note(path) or policy.readable(path) else VaultPath(f"{path}.md")
    barred = bar(policy, file)
    if barred and ("/" in path or path == file):
        return _excluded(query, file, barred)
    try:
        note = famulus.view.note(path, "search")
    except NoteNotFoundError:
        return _excluded(query, file, barred) if barred else _not_known(famulus, query, path, file)
    return _known(famulus, query, note, narrow)


def _excluded(query: str, path: VaultPath, barred: Bar) -> Explanation:
    reason = f"A note of this path is kept out of search. {barred.cause}"
    return Explanation(query, path, "excluded", reason, barred.fix)


def _not_known(famulus: "Famulus", query: str, path: VaultPath, file: VaultPath) -> Explanation:
    """Of a note that the index does not have. What asks to be left alone gets the answer of a name that nobody has."""
    there = next((each for each in dict.fromkeys((path, file)) if _is_there(famulus, each)), None)
    if there is None:
        reason = f"There is no note {str(path)!r} in the index, by path or by title."
        return Explanation(query, None, "unknown", reason, _HIDDEN, tuple(_alike(famulus, path)))
    if passed := famulus.passed_over().get(there):
        fix = INSTALL if passed.endswith(INSTALL) else "Put the note itself there."
        reason = f"It is not indexed. {passed.removesuffix(INSTALL)}".rstrip()
        return Explanation(query, there, "failed", reason, fix)
    status = famulus.upkeep.status()
    waits = f"{status.pending} notes wait to be read." if status.pending else "The next scan finds it."
    return Explanation(query, there, "pending", "It is not indexed yet.", status.problem or waits)


def _is_there(famulus: "Famulus", path: VaultPath) -> bool:
    """Whether there is a file of this path that may be searched and does not ask to be left alone."""
    policy = famulus.policy.current
    if path in famulus.passed_over():
        return not policy.denies(path, "search")
    if not policy.allows(path, "search"):
        return False
    return famulus.vault.stamp(path) is not None and not policy.private_data(famulus.vault.head(path))


def _alike(famulus: "Famulus", path: VaultPath) -> list[str]:
    policy = famulus.policy.current
    notes = [note for note in famulus.view.notes() if policy.allows(note.path, "search")]
    names = [(each, note.path) for note in notes for each in (note.path, note.title, *note.aliases)]
    return alike(path, names)


def _known(famulus: "Famulus", query: str, note: NoteRecord, narrow: Filter) -> Explanation:
    changed = famulus.vault.stamp(note.path) != note.stamp
    if note.state == "failed":
        return Explanation(query, note.path, "failed", note.reason, note.fix, changed_since=changed)
    if not famulus.ledger.occurrences_of(note.path):
        reason = "It has no text that is searched: no words outside of comments and managed sections."
        return Explanation(query, note.path, "empty", reason, "Write something into it.", changed_since=changed)
    if left_out := _filtered(famulus, note, narrow):
        return Explanation(query, note.path, "filtered", left_out, "Search without that filter.", changed_since=changed)
    found = standing(famulus.searcher, famulus.ledger, query, note, narrow)
    if found is None:
        return Explanation(query, note.path, "pending", "It was changed in this moment.", "Ask again.")
    verdict, reason, fix = _judged(found, famulus.policy.current, note.path)
    return Explanation(query, note.path, verdict, reason, fix, (), changed, found)


def _filtered(famulus: "Famulus", note: NoteRecord, narrow: Filter) -> str:
    """Which parts of the filter leave the note out, in a sentence each; empty where none does."""
    own = {chunk.id for chunk in famulus.ledger.occurrences_of(note.path)}
    tags = ", ".join(f"#{tag}" for tag in note.tags) or "none"
    changed = f"The file was last changed on {date.fromtimestamp(note.mtime)}."
    parts = [
        (Filter(folder=narrow.folder), f"It does not lie in the folder {narrow.folder!r}."),
        (Filter(tag=narrow.tag), f"It does not have the tag #{narrow.tag.lstrip('#')}; its tags: {tags}."),
        (Filter(after=narrow.after), f"It was not changed on or after {narrow.after}. {changed}"),
        (Filter(before=narrow.before), f"It was not changed on or before {narrow.before}. {changed}"),
    ]
    left_out = (why for part, why in parts if part and not _lets_through(famulus, part, own))
    return " ".join(left_out)


def _lets_through(famulus: "Famulus", part: Filter, own: set[int]) -> bool:
    allowed = famulus.ledger.allowed(part)
    return allowed is None or not own.isdisjoint(allowed.tolist())


def _judged(found: Standing, policy: Policy, path: VaultPath) -> tuple[Verdict, str, str]:
    lanes = f"{_lane(found.lexical, 'words', found)} and {_meaning(found.dense, found, policy, path)}"
    if found.rank is None:
        return "unmatched", f"It is not among the first hundred of either lane: {lanes}.", _unmatched_fix(found)
    place = f"passage {found.rank:,} of {found.of:,} ({lanes})"
    if found.rank > SHOWN:
        return "outranked", f"It is found, but only as {place}.", "Add a word that this note has and those above lack."
    return "found", f"It is found, as {place}.", ""


def _lane(lane: LaneRank, name: str, found: Standing) -> str:
    if lane.rank is not None:
        return f"rank {lane.rank:,} of {lane.of:,} in {name}"
    held = any(word.where in ("text", "name", "note") for word in found.words)
    return "only words that too many passages have" if held else "no common word"


def _meaning(lane: LaneRank, found: Standing, policy: Policy, path: VaultPath) -> str:
    if lane.rank is None and policy.denies(path, "embed"):
        return "no rank in meaning, since a rule keeps it from `embed`"
    return _lane(lane, "meaning", found) if lane.rank is not None else "no rank in meaning"


def _unmatched_fix(found: Standing) -> str:
    nowhere = ", ".join(word.text for word in found.words if word.where == "nowhere")
    gone = f"No note has the words: {nowhere}. " if nowhere else ""
    return f"{gone}Ask with words of the passage, or narrow the search by folder or tag."


def asks_to_be_left_alone(settings: Settings, name: str) -> bool:
    """Whether the file says so itself. Only for who can read the vault's folder anyhow: never answered over HTTP."""
    if settings.vault is None:
        return False
    vault, path = Vault(settings.vault), vault_path(name)
    files = (path, VaultPath(f"{path}.md"))
    return any(Policy().private_data(vault.head(each)) for each in files if is_note(each))
