"""A small server that speaks what a download of a whole repository asks of the Hugging Face hub, and can break off."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.fakes.running import running

REPOSITORY = "owner/model"
COMMIT = "c" * 40


class HubServer(ThreadingHTTPServer):
    """Serves `files` as one repository. Large ones (safetensors, bin) are sent on to another path, as the hub does.

    `cuts` are the lengths after which answers of large files break off. `token` is what a gated one asks for.
    `spoilt` are names whose content is not what the list says.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.cuts: list[int] = []
        self.token = ""
        self.spoilt: set[str] = set()
        self.requests: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def fetched(self) -> list[tuple[str, str]]:
        """Name and range of each file whose content was asked for, in order."""
        return [
            (path.rpartition(f"{COMMIT}/")[2], part)
            for method, path, part in self.requests
            if method == "GET" and not path.startswith(("/api/", "/far/"))
        ]

    def listing(self) -> bytes:
        siblings = [_sibling(name, content) for name, content in self.files.items()]
        return json.dumps({"id": REPOSITORY, "sha": COMMIT, "siblings": siblings}).encode()


def _large(name: str) -> bool:
    return name.endswith((".safetensors", ".bin", ".pt", ".onnx"))


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _sibling(name: str, content: bytes) -> dict[str, object]:
    told: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": blob(content)}
    if _large(name):
        told["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return told


class _Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path, wanted = unquote(urlsplit(self.path).path), self.headers.get("Range", "")
        self.server.requests.append((self.command, path, wanted))
        if path.startswith("/api/"):
            if path == f"/api/models/{REPOSITORY}":
                return self._send(200, self.server.listing(), body=body, headers={})
            return self._send(401, b"", body=body, headers={"X-Error-Code": "RepoNotFound"})
        name = path.rpartition(f"/{COMMIT}/")[2]
        far = path.startswith("/far/")
        if name not in self.server.files:
            return self._send(404, b"", body=body, headers={"X-Error-Code": "EntryNotFound"})
        if not far and self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self._send(403, b"", body=body, headers={"X-Error-Code": "GatedRepo"})
        content = self.server.files[name]
        if name in self.server.spoilt:
            content = bytes(len(content))
        if body and _large(name) and not far:
            return self._send(302, b"", body=body, headers={"Location": f"/far/{COMMIT}/{name}"})
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        etag = hashlib.sha256(content).hexdigest() if _large(name) else blob(content)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
        return self._send(206 if wanted else 200, content[start:], body=body, cut=far, headers=headers)

    def _send(self, status: int, content: bytes, *, body: bool, cut: bool = False, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if not body:
            return
        if cut and self.server.cuts:
            content = content[: self.server.cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def hub(files: Mapping[str, bytes]) -> Iterator[HubServer]:
    """A running server."""
    server = HubServer(files)
    with running(server):
        yield server
