"""A `vllm serve` that behaves as `script.json` in the model's folder says. A real process with a real child and real HTTP.

The child stands for vLLM's engine process: each token comes from it, so that a dead or a stopped one is felt as there.
It ignores TERM and the end of its parent. Proves how processes are handled, and nothing about models.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def core() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        sys.stdout.write(line)
        sys.stdout.flush()
    signal.pause()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, folder: Path, script: dict[str, Any], name: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder, self.name = folder, name
        self.asleep = False
        self.turn = threading.Lock()
        self.core = subprocess.Popen(
            [sys.executable, __file__, "core"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=bool(script.get("apart")),
        )  # fmt: skip
        self.note("pids", {"server": os.getpid(), "core": self.core.pid, "keeper": os.getppid()})

    def note(self, name: str, told: object) -> None:
        with (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    def token(self, text: str) -> bool:
        """Whether the engine process gave it."""
        assert self.core.stdin and self.core.stdout
        with self.turn:
            try:
                self.core.stdin.write(f"{json.dumps(text)}\n")
                self.core.stdin.flush()
            except OSError:
                return False
            return bool(self.core.stdout.readline())


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if not self.knows():
            return
        if self.path == "/health":
            self.answer(200 if self.server.core.poll() is None else 503, {})
        else:
            self.answer(200, {"data": [{"id": self.server.name}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if not self.knows():
            return
        path = urlsplit(self.path).path
        if path in ("/sleep", "/wake_up", "/collective_rpc"):
            self.server.note("calls", [self.path, body] if body else [self.path])
            self.server.asleep = path == "/sleep" or (self.server.asleep and path != "/wake_up")
            self.answer(200, {})
        elif path == "/tokenize":
            turns = body.get("messages") or [{"content": body["prompt"]}]
            self.answer(200, {"count": sum(len(turn["content"].split()) for turn in turns)})
        elif self.server.asleep or not self.server.token("-"):
            self.answer(500, {"error": {"message": "EngineCore encountered an issue."}})
        elif path == "/v1/chat/completions":
            self.server.note("asked", body)
            self.chat(str(body["messages"][-1]["content"]).split())
        elif path == "/v1/embeddings":
            rows = [{"index": n, "embedding": [len(text), 1.0]} for n, text in enumerate(body["input"])]
            self.answer(200, {"data": rows})
        elif path == "/v1/rerank":
            rows = [{"index": n, "relevance_score": len(text)} for n, text in enumerate(body["documents"])]
            self.answer(200, {"results": rows})

    def chat(self, words: list[str]) -> None:
        """The last turn, word by word. After `stop` and `die` the engine process is stopped, or killed."""
        self.send_response(200)
        self.end_headers()
        for word in words:
            if word in ("stop", "die"):
                os.kill(self.server.core.pid, signal.SIGSTOP if word == "stop" else signal.SIGKILL)
                if word == "die":
                    self.server.core.wait()
            elif self.server.token(word):
                self.event({"choices": [{"delta": {"content": word + " "}, "finish_reason": None}]})
            else:
                self.event({"error": {"message": "EngineCore encountered an issue."}})
                return
        usage = {
            "prompt_tokens": len(words),
            "completion_tokens": len(words),
            "prompt_tokens_details": {"cached_tokens": 1},
        }
        self.event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, told: dict[str, object]) -> None:
        self.wfile.write(f"data: {json.dumps(told)}\n\n".encode())

    def knows(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {os.environ['VLLM_API_KEY']}":
            return True
        self.answer(401, {})
        return False

    def answer(self, status: int, told: dict[str, object]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main(arguments: list[str]) -> int:
    folder = Path(arguments[1])
    file = folder / "script.json"
    script = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    names = ("PYTHONPATH", "CUDA_VISIBLE_DEVICES", "VLLM_SERVER_DEV_MODE", "HF_HUB_OFFLINE")
    told = {"argv": arguments, "env": {name: os.environ.get(name) for name in names}}
    with (folder / "starts.jsonl").open("a", encoding="utf-8") as starts:
        starts.write(json.dumps(told) + "\n")
    says = script.get("says", "INFO 11-26 20:00:00 [gpu_model_runner.py:1] Model loading took 1.5 GiB and 2 seconds")
    sys.stdout.write(f"{says}\n")
    sys.stdout.flush()
    if "code" in script:
        return int(script["code"])
    port = int(arguments[arguments.index("--port") + 1])
    name = arguments[arguments.index("--served-model-name") + 1]
    with Server(port, folder, script, name) as server:
        signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
        server.serve_forever(poll_interval=0.01)
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "core":
        core()
    else:
        raise SystemExit(main(sys.argv[1:]))
