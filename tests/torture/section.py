"""The managed section in a note's bytes, found without the code that is under test."""

import re

OPEN, CLOSE = b"%% famulus:related %%", b"%% /famulus:related %%"
_SECTION = re.compile(rb"(?:\r?\n){0,2}" + re.escape(OPEN) + rb".*?" + re.escape(CLOSE), re.DOTALL)


def parted(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before the section, the section with the newlines that set it off, and what stands behind it.

    A note without a section is all before it.
    """
    if data.count(OPEN) != 1 or data.count(CLOSE) != 1:
        return data, b"", b""
    found = _SECTION.search(data)
    return (data[: found.start()], found[0], data[found.end() :]) if found else (data, b"", b"")
