import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tests.effort import LONG
from vault_sync.errors import StoreAwayError
from vault_sync.stores.chroma_server import Address, AsyncLine, ChromaServer, Line, SyncLine


class Proxy(BaseHTTPRequestHandler):
    """Lets nobody through, or keeps everybody waiting."""

    headers_seen: ClassVar[list[dict[str, str]]]
    wait: threading.Event | None = None

    def do_GET(self) -> None:
        self.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
        if self.wait is not None:
            self.wait.wait(LONG)
        body = json.dumps({"error": "Unauthorized"}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to tell."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, type[Proxy]]]:
    class Seen(Proxy):
        headers_seen: ClassVar[list[dict[str, str]]] = []

    handler: type[Proxy] = Seen
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    if handler.wait is not None:
        handler.wait.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", [SyncLine, AsyncLine])
def test_the_token_is_sent_and_a_refusal_is_no_reason_to_empty_the_store(
    proxy: tuple[str, type[Proxy]], kind: type[Line]
) -> None:
    url, seen = proxy
    line = kind(Address(url, token="s3cret"))
    with pytest.raises(StoreAwayError) as caught:
        ChromaServer(line, "a").open(1).count()
    line.close()
    assert seen.headers_seen and all(told["authorization"] == "Bearer s3cret" for told in seen.headers_seen)
    assert "s3cret" not in str(caught.value)


def test_without_a_token_none_is_sent(proxy: tuple[str, type[Proxy]]) -> None:
    url, seen = proxy
    line = SyncLine(Address(url))
    with pytest.raises(StoreAwayError):
        ChromaServer(line, "a").open(1).count()
    line.close()
    assert seen.headers_seen and not any("authorization" in told for told in seen.headers_seen)


def test_a_server_that_never_answers_is_given_up(proxy: tuple[str, type[Proxy]]) -> None:
    url, handler = proxy
    handler.wait = threading.Event()
    line = AsyncLine(Address(url), patience=0.05)
    with pytest.raises(StoreAwayError, match=r"no answer within 0\.05 s"):
        ChromaServer(line, "a").open(1).count()
    line.close()


def test_closing_lets_go_of_those_who_wait(proxy: tuple[str, type[Proxy]]) -> None:
    url, handler = proxy
    handler.wait = threading.Event()
    line = AsyncLine(Address(url), patience=LONG)
    caught: list[Exception] = []

    def ask() -> None:
        try:
            ChromaServer(line, "a").open(1).count()
        except StoreAwayError as error:
            caught.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while not handler.headers_seen:
        waiting.join(0.01)
    line.close()
    waiting.join(LONG)
    assert caught and not waiting.is_alive()
    line.close()


@pytest.mark.parametrize(
    ("url", "host", "port", "ssl"),
    [
        ("http://127.0.0.1:8001", "127.0.0.1", 8001, False),
        ("https://chroma.lan", "chroma.lan", 443, True),
        ("http://[::1]:9/", "::1", 9, False),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, ssl: bool) -> None:
    made = Address(url).arguments()
    assert (made["host"], made["port"], made["ssl"]) == (host, port, ssl)
