"""`famulus doctor --verify`: the check-up of the index, beside a daemon and without one."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from daemon.config import Settings
from daemon.folder import folder_of, locate, locked, open_index, open_state
from daemon.indexing.upkeep import Upkeep
from daemon.policy import LivePolicy
from vault_sync.checkup.checkup import Report, check_up
from vault_sync.checkup.inspection import Inspector
from vault_sync.checkup.verify import INDEX, STORE, Disagreement, Kind
from vault_sync.databases.state import State
from vault_sync.errors import LedgerError
from vault_sync.index.generations import serving_number
from vault_sync.policy.policy import Policy, PolicySource
from vault_sync.writing.journal import Journal
from vault_sync.writing.write import Writer

UNDER_WAY = 120.0
"""Seconds for which a journaled write of a running daemon counts as under way: the app may still be applying it."""
MOST = 50
"""Disagreements of one kind that are told one by one."""


class Verifying:
    """The check-up in a running daemon: in the thread that keeps the index, between two of its turns."""

    def __init__(self, inspector: Inspector, upkeep: Upkeep) -> None:
        """The inspector's policy says which notes may be named."""
        self._inspector = inspector
        self._upkeep = upkeep

    async def run(self) -> dict[str, Any]:
        """Check and mend; what needs notes to be read again is begun. Raises VaultError."""
        report = await asyncio.to_thread(self._upkeep.call, self._check_up)
        return report_json(report, self._inspector.policy)

    def _check_up(self) -> Report:
        report = check_up(self._inspector)
        if report.begun_anew:
            self._upkeep.renew()
        elif report.reading_mends:
            self._upkeep.rescan()
        return report


def verify_alone(settings: Settings) -> dict[str, Any]:
    """The check-up where no daemon runs: no model is loaded, and nothing is mended before it was looked at.

    Raises VaultError, ConfigError.
    """
    vault, data_dir = locate(settings)
    with locked(vault), ExitStack() as closing:
        folder = folder_of(data_dir, vault)
        state, problem = _state(folder)
        if state is not None:
            closing.callback(state.close)
        ledger, stores = open_index(settings, folder, vault)
        closing.callback(ledger.close)
        closing.callback(stores.close)
        store = stores.open(serving_number(ledger))
        closing.callback(store.close)
        policy = LivePolicy(settings, vault)
        writer = Writer(vault, Journal(state), policy) if state is not None else None
        limit = int(settings.notes.max_note_mb * 1024 * 1024)
        inspector = Inspector(
            vault, policy, ledger, store, state, writer, limit, settings.notes.chunk_chars, state_problem=problem
        )
        report = check_up(
            inspector, before=_at_opening(ledger.database.damage, getattr(store, "damage", "")), sweep=True
        )
        return report_json(report, policy)


def _state(folder: Path) -> tuple[State | None, str]:
    try:
        return open_state(folder), ""
    except LedgerError as error:
        return None, f"{error.effect} {error.cause}"


def _at_opening(ledger: str, store: str) -> list[Disagreement]:
    """What was found damaged, and begun anew, when the files were opened."""
    damaged = (
        (INDEX, ledger, "A new one was begun; what it held comes from the notes, by embedding."),
        (STORE, store, "A new one was begun; it is filled from the ledger, without embedding."),
    )
    return [Disagreement("damaged", file, f"It could not be used: {why}.", done) for file, why, done in damaged if why]


def report_json(report: Report, source: PolicySource) -> dict[str, Any]:
    """A report as the API shows it, without names that may not be listed; of many disagreements of one kind the first
    are told, and how many more there are.
    """
    told = [*report.found, *(each for each in report.left if each not in report.found)]
    return {
        "checked": report.checked,
        "found": [
            asdict(_unnamed(each, source.current)) | {"repaired": report.mended(each)} for each in _shortened(told)
        ],
        "repaired": sum(report.mended(each) for each in report.found),
        "agree": report.agree,
    }


def _unnamed(each: Disagreement, policy: Policy) -> Disagreement:
    return replace(each, subject="") if policy.denies(each.subject, "notes") else each


def _shortened(found: list[Disagreement]) -> list[Disagreement]:
    counts: Counter[Kind] = Counter()
    shown, repairs = [], {}
    for each in found:
        counts[each.kind] += 1
        repairs[each.kind] = each.repair
        if counts[each.kind] <= MOST:
            shown.append(each)
    more = {kind: count - MOST for kind, count in counts.items() if count > MOST}
    return [
        *shown,
        *(Disagreement(kind, "", f"{count} more like this.", repairs[kind]) for kind, count in more.items()),
    ]
