from pathlib import Path

import pytest

from vault_sync.watching.mount import is_network, is_network_kind, kind_of

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home/me/notes rw shared:9 - fuse.sshfs box:/notes rw,user_id=0
31 22 0:41 / /mnt/my\040share rw - cifs //box/share rw
32 31 0:42 / /mnt/my\040share/inner rw - tmpfs tmpfs rw
33 22 0:43 / /home/me/notes2 rw - nfs4 box:/x rw
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", "ext4"),
        ("/home/me/notes", "fuse.sshfs"),
        ("/home/me/notes/deep/er", "fuse.sshfs"),
        ("/home/me/notes2/a", "nfs4"),
        ("/mnt/my share/a", "cifs"),
        ("/mnt/my share/inner/a", "tmpfs"),
    ],
)
def test_the_deepest_mount_counts(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), MOUNTS) == kind


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("nfs4", True), ("fuse.sshfs", True), ("fuse.rclone", True), ("fuseblk", False), ("ext4", False)],
)
def test_what_is_shared_over_a_network(kind: str, expected: bool) -> None:
    assert is_network_kind(kind) == expected


def test_an_unknown_place_is_local() -> None:
    assert kind_of(Path("/x"), "") == "" and not is_network(Path("/proc/self/nowhere"))
