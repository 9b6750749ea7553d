"""The lines of a stream that comes in pieces of bytes. Pure."""

LONGEST = 1 << 24
"""Bytes of a line: a whole answer with all its probabilities has fewer."""


class LongLineError(ValueError):
    """A line goes on and on: what comes is no stream of events."""


class Lines:
    """Puts lines together that were cut. A line has no end of line in it, be it `\\n` or `\\r\\n`."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that are whole with this piece. Raises LongLineError."""
        first, *others = piece.split(b"\n")
        self._hold(first)
        if not others:
            return []
        lines = [self._released(), *others[:-1]]
        self._hold(others[-1])
        return [line[:-1] if line.endswith(b"\r") else line for line in lines]

    def end(self) -> list[bytes]:
        """The last line, where the stream ended without an end of line."""
        rest = self._released()
        return [rest] if rest else []

    def _hold(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > LONGEST:
            raise LongLineError(f"a line has more than {LONGEST >> 20} MiB")
        if part:
            self._rest.append(part)

    def _released(self) -> bytes:
        rest, self._rest, self._held = b"".join(self._rest), [], 0
        return rest
