"""The lines of a stream that comes in pieces of bytes. Pure."""


class Lines:
    """Puts lines together that were cut. A line has no end of line in it, be it `\\n` or `\\r\\n`."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that are whole with this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [line[:-1] if line.endswith(b"\r") else line for line in lines]

    def end(self) -> list[bytes]:
        """The last line, where the stream ended without an end of line."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []
