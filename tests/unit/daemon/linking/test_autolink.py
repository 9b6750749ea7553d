import asyncio

import pytest

from daemon.config import LinkingSection
from daemon.linking.autolink import AutoLink
from tests.effort import LONG
from vault_sync.paths import VaultPath


async def nothing(path: VaultPath, mode: str) -> None:
    pass


@pytest.mark.parametrize("ticks", range(6))
async def test_it_ends_also_when_a_note_is_saved_in_that_moment(ticks: int) -> None:
    link = AutoLink(LinkingSection(quiet_seconds=60), nothing)
    link.start()
    link.saved(VaultPath("waits.md"))
    for _ in range(5):
        await asyncio.sleep(0)
    link.saved(VaultPath("a.md"))
    for _ in range(ticks):
        await asyncio.sleep(0)
    async with asyncio.timeout(LONG):
        await link.stop()


async def test_a_note_that_nobody_could_foresee_keeps_no_other_from_being_linked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    linked = asyncio.Event()

    async def one(path: VaultPath, mode: str) -> None:
        if path == "odd.md":
            raise ZeroDivisionError
        linked.set()

    link = AutoLink(LinkingSection(quiet_seconds=0), one)
    link.start()
    for path in ("odd.md", "good.md"):
        link.saved(VaultPath(path))
    async with asyncio.timeout(LONG):
        await linked.wait()
        await link.stop()
    assert "odd.md" in caplog.text and "ZeroDivisionError" in caplog.text
