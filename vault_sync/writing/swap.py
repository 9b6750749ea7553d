"""Two things that Linux can do and Python has no name for: to swap two files in one step, and to see who writes.

A plain rename throws away what another program wrote in the moment before it. After a swap both files are still
there, so that one can look at what was displaced and swap back (renameat2(2), fcntl(2) under "Leases").
"""

import ctypes
import errno
import fcntl
import os
import signal
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_CAN_NOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})


def swap(one: Path, other: Path) -> bool:
    """Give each file the other's name at once; False where this system or file system can not. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CAN_NOT:
        return False
    raise OSError(number, os.strerror(number), str(one))


def has_writer(file: Path) -> bool:
    """Whether another program has the file open for writing. False also where the file system can not tell."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        # Whoever opens it while the lease is held makes the kernel send a signal, by default a deadly one.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except (OSError, AttributeError) as error:
        return isinstance(error, OSError) and error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False
