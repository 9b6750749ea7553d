"""The real daemon changes from the embedder of the package to one at a server, and is killed in the middle."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.effort import LONG
from tests.fakes.embedder import WordEmbedder
from tests.process import Daemon

pytestmark = pytest.mark.slow
NOTES = 80
DIMENSIONS = 256


class Embeddings(ThreadingHTTPServer):
    """`/v1/embeddings` that lets so many texts through as it is told; keeps what it has answered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.embedder = WordEmbedder("words", DIMENSIONS)
        self.answered: list[str] = []
        self.most = 0
        self.changed = threading.Condition()

    def let(self, most: int) -> None:
        with self.changed:
            self.most = most
            self.changed.notify_all()

    def until(self, texts: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.answered) >= texts, LONG)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Embeddings)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        with server.changed:
            passages = [text for text in texts if text.startswith("passage: ")]
            server.changed.wait_for(lambda: not passages or len(server.answered) + len(passages) <= server.most, LONG)
        vectors = [server.embedder.embed_query(text).tolist() for text in texts]
        data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
        body = json.dumps({"object": "list", "data": data, "model": "words"}).encode()
        with suppress(BrokenPipeError):  # who asked was killed
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        with server.changed:
            server.answered += passages
            server.changed.notify_all()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to tell."""


@pytest.fixture
def embeddings() -> Iterator[Embeddings]:
    server = Embeddings()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.let(10**6)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_kill_in_the_middle_of_a_change_repeats_and_loses_nothing(tmp_path: Path, embeddings: Embeddings) -> None:
    vault, home = tmp_path / "vault", tmp_path / "home"
    vault.mkdir()
    home.mkdir()
    for number in range(NOTES):
        (vault / f"n{number}.md").write_text(f"# Note {number}\n\nThe heron {number} eats frogs.\n")
    first = Daemon(vault, home)
    events = first.ready().events()
    with first.client() as client:
        if not client.get("/api/health").json()["index"]["ready"]:
            events.wait("index.ready")
    assert first.end() == 0
    (home / "famulus.toml").write_text(
        '[roles]\nembedder = "words"\n[engines.words]\nkind = "openai"\nmodel = "words"\n'
        f'url = "http://127.0.0.1:{embeddings.server_port}/v1"\ndimensions = {DIMENSIONS}\npassage_prefix = "passage: "\n'
    )
    flags = ("--config", str(home / "famulus.toml"))
    embeddings.let(NOTES // 2)
    second = Daemon(vault, home, *flags).ready()
    embeddings.until(32)
    with second.client() as client:
        told = client.get("/api/health").json()["model_change"]
        assert (told["total"], told["dense"]) == (NOTES, True) and told["new"].startswith("words")
        found = client.get("/api/search", params={"q": "heron 7 eats frogs", "mode": "dense"}).json()["results"]
        assert len(found) == 10, "the old model answers"
    second.end(signal.SIGKILL)
    embeddings.let(10**6)
    third = Daemon(vault, home, *flags).ready()
    embeddings.until(NOTES)
    with third.client() as client:
        health = client.get("/api/health").json()
        for _ in range(50):
            if health["model_change"] is None:
                break
            client.post("/api/index/verify")  # it is done between two steps
            health = client.get("/api/health").json()
        assert health["model_change"] is None and health["index"]["chunks"] == NOTES
        found = client.get("/api/search", params={"q": "note 7 the heron 7 eats frogs", "mode": "dense"}).json()
        assert found["results"][0]["path"] == "n7.md"
    assert third.end() == 0
    assert len(set(embeddings.answered)) == NOTES
    assert len(embeddings.answered) - NOTES <= 32, "no more than the call that was under way came twice"
