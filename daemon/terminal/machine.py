"""Commands that look at this machine themselves: the daemon, the doctor, the models.

What only one of them needs and takes long to import is imported where it is used.
"""

import argparse
import asyncio

from daemon import doctor as checks
from daemon.config import ConfigError, Settings
from daemon.engines.spec import EngineSpec
from daemon.interrupts import deadly
from daemon.lock import VaultLock
from daemon.models import fetching as stored
from daemon.models.enginechecks import held_by_daemon
from daemon.models.planning import planned
from daemon.terminal import planshow, show
from daemon.terminal.client import connect
from daemon.terminal.printing import Terminal
from vault_sync.vault import Vault

console = Terminal(highlight=False, soft_wrap=True)


async def serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the daemon until it is told to end."""
    with deadly():
        from daemon.serve import serve as run_daemon

    await run_daemon(settings)
    return 0


async def doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check the set-up, or the index, or replace a state that can not be used."""
    if arguments.verify:
        return await _verify(arguments, settings)
    if arguments.replace_state:
        from daemon import folder

        replaced = await asyncio.to_thread(folder.replace_state, settings)
        return console.answer(replaced, show.replaced(replaced), as_json=arguments.json)
    found = await checks.examine(settings)
    console.answer({"checks": [check.json() for check in found]}, show.checks(found), as_json=arguments.json)
    return 0 if all(check.ok for check in found) else 1


async def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    holder = VaultLock(Vault(settings.vault).id).holder() if settings.vault else None
    if holder is None:
        from daemon.indexing.verifying import verify_alone

        data = await asyncio.to_thread(verify_alone, settings)
    else:
        async with connect(settings) as client:
            data = await client.post("/api/index/verify")
    console.answer(data, show.verified(data), as_json=arguments.json)
    return 0 if data["agree"] else 1


async def models(arguments: argparse.Namespace, settings: Settings) -> int:
    """List, fetch, place or measure models."""
    specs = settings.engine_specs()
    if arguments.action == "plan":
        found = await asyncio.to_thread(planned, settings, None, await held_by_daemon(settings))
        console.answer(found.json(), planshow.plan(found.json()), as_json=arguments.json)
        return 1 if found.impossible else 0
    if arguments.action == "bench":
        return await _bench(arguments, settings)
    if arguments.action == "pull":
        specs = specs if arguments.starter else _named(specs, arguments.name)
        await asyncio.to_thread(stored.pull, None if arguments.starter else specs)
    stand = [stored.status(spec) for spec in specs]
    console.answer({"models": [each.json() for each in stand]}, show.models(stand), as_json=arguments.json)
    return 0 if arguments.action == "list" or not any(each.problem for each in stand) else 1


async def _bench(arguments: argparse.Namespace, settings: Settings) -> int:
    from daemon.models import benching
    from daemon.terminal import benchshow

    specs = benching.chosen(settings.engine_specs(), settings.roles, arguments.name)
    found = [await benching.bench(spec, arguments.bandwidth * 1e9) for spec in specs]
    return console.answer(
        {"engines": [each.json() for each in found]}, benchshow.reports(found), as_json=arguments.json
    )


def _named(specs: list[EngineSpec], name: str | None) -> list[EngineSpec]:
    chosen = [spec for spec in specs if name in (None, spec.name)]
    if not chosen:
        known = ", ".join(spec.name for spec in specs)
        raise ConfigError("Nothing was fetched.", f"There is no engine {name!r} with a role.", f"Name one of: {known}.")
    return chosen
