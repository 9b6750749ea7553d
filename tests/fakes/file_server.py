"""A small HTTP server that speaks what a download needs of the Hugging Face hub, and can break off."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.fakes.running import running


class FileServer(ThreadingHTTPServer):
    """Serves `content` under any path. `cuts` are the lengths after which answers break off, one answer each."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.etag = hashlib.sha256(content).hexdigest()
        self.cuts: list[int] = []
        self.status = 200
        self.requests: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ranges(self) -> list[str]:
        """The ranges that were asked for of model files, in order; "" for a whole file."""
        return [part for method, path, part in self.requests if method == "GET" and path.endswith(".gguf")]


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        start = self._head()
        body = self.server.content[start:]
        if self.server.cuts:
            body = body[: self.server.cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def _head(self) -> int:
        wanted = self.headers.get("Range", "")
        self.server.requests.append((self.command, self.path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted and self.server.status == 200 else self.server.status)
        self.send_header("Content-Length", str(len(self.server.content) - start))
        self.send_header("ETag", f'"{self.server.etag}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        return start

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(content: bytes) -> Iterator[FileServer]:
    """A running server."""
    server = FileServer(content)
    with running(server):
        yield server
