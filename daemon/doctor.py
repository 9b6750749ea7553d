"""What is wrong with a set-up, and what to do about it."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.errors import AgentError
from daemon.config import Settings
from daemon.inuse import unlike
from daemon.lock import VaultLock
from daemon.models import enginechecks
from daemon.models import fetching as models
from daemon.policy import LivePolicy, described
from daemon.terminal.client import connect
from vault_sync.errors import VaultError, WatchLimitError
from vault_sync.index.progress import in_words
from vault_sync.notes.pdf import INSTALL
from vault_sync.paths import is_note, is_pdf
from vault_sync.vault import Vault
from vault_sync.watching.mount import is_network
from vault_sync.watching.watch import Watcher

_ROOM = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    message: str
    fix: str = ""

    def json(self) -> dict[str, Any]:
        """As the command prints it with --json."""
        return asdict(self)


async def examine(settings: Settings) -> list[Check]:
    """All checks, in the order in which a person would set things right."""
    held = await enginechecks.held_by_daemon(settings)
    found = [*_vault(settings), *_data_folder(settings), *_models(settings, held)]
    if settings.vault is not None and all(check.ok for check in found if check.name == "vault"):
        found.extend(await _notes(settings))
    return found


def _vault(settings: Settings) -> Iterator[Check]:
    if settings.vault is None:
        yield Check("vault", False, "None was named.", "Give --vault DIR or set FAMULUS_VAULT.")
        return
    try:
        vault = Vault(settings.vault)
        policy = LivePolicy(settings, vault)
        listing = vault.list(policy.current)
    except VaultError as error:
        yield Check("vault", False, f"{error.effect} {error.cause}", error.fix)
        return
    notes = sum(map(is_note, listing.files))
    yield Check(
        "vault", True, f"{notes} notes in {vault.root}, and {len(listing.files) - notes} documents beside them."
    )
    unread = sum(map(is_pdf, listing.passed_over)) if not policy.current.pdf else 0
    if unread:
        yield Check("pdf", True, f"{unread} PDFs are not read: nothing is installed that could.", INSTALL)
    yield Check("policy", True, described(policy.current))
    for problem in policy.problems:
        fix = "Correct it in Obsidian, or set `obsidian_excluded = false` and exclude with `exclude` under [notes]."
        yield Check("policy", False, f"Of Obsidian's settings, {problem.place} is not followed: {problem.cause}", fix)
    if not os.access(vault.root, os.W_OK):
        yield Check(
            "writing", False, "The vault may not be written.", "Links and digests need it; search and chat do not."
        )


def _watching(settings: Settings, vault: Vault) -> Check:
    """Whether the vault can be watched, by doing it."""
    if settings.notes.polling or (settings.notes.polling is None and is_network(vault.root)):
        why = "The settings ask for it" if settings.notes.polling else "The vault lies on a network share"
        return Check("watching", True, f"{why}: it is looked at every few seconds.")
    watcher = Watcher(vault.root, lambda path: None, lambda: None)
    try:
        watcher.start()
    except WatchLimitError as error:
        return Check("watching", False, f"{error.effect} {error.cause}", error.fix)
    except OSError as error:
        return Check(
            "watching", False, f"The vault can not be watched: {error}.", "Set `polling = true` under [notes]."
        )
    finally:
        watcher.stop()
    return Check("watching", True, "Changes are told by the system at once.")


def _watched(told: dict[str, Any]) -> Check:
    """What the daemon says of its watching."""
    if told["problem"]:
        return Check("watching", False, f"The vault is not watched but looked at. {told['problem']}", told["fix"])
    how = f"looked at every {told['every']:g} s" if told["polling"] and told["every"] else "told by the system at once"
    return Check("watching", True, f"Changes are {how}.")


def _data_folder(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Check("data folder", False, f"{folder}: {error.strerror}.", "Name another with --data-dir.")
        return
    if not os.access(folder, os.W_OK):
        yield Check("data folder", False, f"{folder} may not be written.", "Name another with --data-dir.")
    elif free < _ROOM:
        yield Check("data folder", False, f"{folder} has {free // 2**20} MiB left.", "Free some space there.")
    else:
        yield Check("data folder", True, f"{folder}, {free // 2**30} GiB free.")
    token = folder / "token"
    if token.exists() and stat.S_IMODE(token.stat().st_mode) & 0o077:
        yield Check("token", False, f"Others may read {token}.", f"Run `chmod 600 {token}`.")


def _models(settings: Settings, held: Mapping[str, int]) -> Iterator[Check]:
    try:
        specs = settings.engine_specs()
    except AgentError as error:
        yield Check("roles", False, f"{error.effect} {error.cause}", error.fix)
        return
    for spec in specs:
        found = models.status(spec)
        message = found.problem or f"{found.model}, {found.path}."
        troubles = [] if found.problem else list(enginechecks.troubles(spec))
        if not troubles:
            yield Check(f"engine {spec.name}", not found.problem, message, found.fix)
        for problem, fix in troubles:
            yield Check(f"engine {spec.name}", False, problem, fix)
    for name, cause, fix in enginechecks.unplaced(settings, held=held):
        yield Check(f"engine {name}", False, cause, fix)


async def _notes(settings: Settings) -> list[Check]:
    """What the index says of notes; asked of the daemon where one runs, since a doctor starts no work of its own."""
    holder = VaultLock(Vault(settings.vault or Path()).id).holder()
    if holder is None or not holder.url:
        vault = Vault(settings.vault or Path())
        return [_watching(settings, vault), Check("daemon", True, "None is running for this vault.")]
    found = [Check("daemon", True, f"Process {holder.pid} at {holder.url}.")]
    try:
        async with connect(settings) as client:
            health = await client.get("/api/health")
            status = await client.get("/api/notes/status")
            digests = (await client.get("/api/digests"))["digests"]
    except (AgentError, VaultError, OSError) as error:
        return [
            Check("daemon", False, f"Process {holder.pid} at {holder.url} did not answer: {error}", "Start it again.")
        ]
    found += [*_in_use(settings, health), _watched(health["watching"])]
    if health["reranker"] and health["reranker"]["problem"]:
        fix = "Look at the engine of the role `reranker`; search goes on without it."
        found.append(Check("reranker", False, health["reranker"]["problem"], fix))
    if health["problem"]:
        found.append(Check("index", False, health["problem"], ""))
    failed = [note for note in status["notes"] if note["state"] == "failed"]
    found += [Check(f"note {note['path']}", False, note["reason"], note["fix"]) for note in failed]
    remarks = [note for note in status["notes"] if note["state"] == "indexed" and note["reason"]]
    found += [Check(f"note {note['path']}", True, note["reason"]) for note in remarks]
    found += _digests(digests)
    passed = [each for each in status["passed_over"] if not each["reason"].endswith(INSTALL)]  # told once already
    found += [Check(f"file {each['path']}", True, f"Passed over: {each['reason']}") for each in passed]
    return [*found, Check("index", not failed, _index(health["index"], status["coverage"]), "See above.")]


def _in_use(settings: Settings, health: dict[str, Any]) -> Iterator[Check]:
    """Whether the daemon goes by what was looked at; one of an earlier version does not say."""
    if told := health.get("settings"):
        message, fix = unlike(settings, told)
        yield Check("settings", not message, message or "The daemon goes by these.", fix)


def _digests(listed: Iterable[dict[str, Any]]) -> list[Check]:
    """What is wrong with digest notes, as the daemon lists them."""
    told = [(each["path"], each["error"] or each.get("warning")) for each in listed]
    return [Check(f"digest {path}", False, wrong, "Change that note.") for path, wrong in told if wrong]


def _index(index: dict[str, Any], covered: float) -> str:
    told = f"{index['notes']} notes, {index['chunks']} chunks"
    if not index["pending"]:
        return f"{told}."
    left = in_words(index["progress"]["seconds_left"]) if index["progress"] else ""
    return f"{told}: {100 * covered:.0f} % of the vault, {index['pending']} notes wait{', ' + left if left else ''}."
