"""What kind of file system the vault lies on: a network share sends no events, so it is polled."""

import re
from pathlib import Path, PurePosixPath

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "davfs", "virtiofs"}
)
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.mergerfs", "fuse.bindfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")


def is_network(folder: Path) -> bool:
    """Whether a folder lies on a file system whose changes may be made by another computer. False where unknown."""
    try:
        return is_network_kind(kind_of(folder.resolve(), _MOUNTS.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False


def is_network_kind(kind: str) -> bool:
    """Whether a file system of this kind is shared over a network; of FUSE all is, but for what is known to be local."""
    return kind in _NETWORK or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)


def kind_of(folder: Path, mounts: str) -> str:
    """The kind of file system that holds `folder`, by the text of `/proc/self/mountinfo` (proc(5)); empty if unknown."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right:
            continue
        point = PurePosixPath(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), right.split()[0]
    return kind
