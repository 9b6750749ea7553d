from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from daemon.configfile import load
from daemon.engines.hosting.devices import Devices, Sources
from daemon.engines.spec import EngineSpec
from daemon.models.enginechecks import troubles, unplaced
from tests.unit.daemon.engines.vllm.test_adapter import adapter

PROFILE = Path(__file__).parents[4] / "docs" / "profiles" / "rtx6000-9070xt.toml"


def told(tmp_path: Path, mode: str = "[always] madvise never", nodes: int = 2, **spec: object) -> list[str]:
    pages = tmp_path / "enabled"
    pages.write_text(mode)
    for number in range(nodes):
        (tmp_path / f"node{number}").mkdir()
    made = EngineSpec("a", "llama_cpp", "/none.gguf", **spec)  # type: ignore[arg-type]
    return [problem for problem, _ in troubles(made, huge_pages=pages, nodes=tmp_path)]


def test_a_plain_engine_has_no_troubles(tmp_path: Path) -> None:
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"python": "/nowhere/bin/python"}, "There is no Python /nowhere/bin/python."),
        ({"python": "/bin/false"}, "The llama.cpp of /bin/false can not be used."),
        ({"lora": ("/none/adapter.gguf",)}, "The engine 'a' has no model. There is no file /none.gguf."),
        ({"huge_pages": True, "mode": "always madvise [never]"}, "huge_pages is set, and the kernel gives none."),
        ({"numa": "distribute", "nodes": 1}, "numa is 'distribute', and this machine has one node of memory."),
    ],
)
def test_what_does_not_work_is_told(tmp_path: Path, spec: dict[str, object], problem: str) -> None:
    assert told(tmp_path, **spec) == [problem]  # type: ignore[arg-type]


def test_the_adapter_of_a_vllm_is_looked_at(tmp_path: Path) -> None:
    made = EngineSpec("a", "vllm", "owner/tiny-1b", lora=(adapter(tmp_path / "style"),))
    assert list(troubles(made)) == []
    ((problem, _),) = troubles(replace(made, model="owner/tiny-2b"))
    assert problem.endswith("says it is for owner/Tiny-1B, and the model is owner/tiny-2b.")
    ((problem, fix),) = troubles(replace(made, lora=(str(tmp_path / "none"),)))
    assert "adapter_config.json can not be read" in problem
    assert fix


class Models(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401 if self.path == "/v1/models" and "Authorization" not in self.headers else 200)
        self.end_headers()
        self.wfile.write(b'{"error": {"message": "Who are you?"}}')

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to tell."""


def test_a_server_is_asked_whether_it_answers_and_takes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Models) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        spec = EngineSpec("far", "openai", "m", url=f"http://127.0.0.1:{server.server_port}/v1")
        ((refused, fix),) = troubles(spec)
        assert refused == "The server refused the key: Who are you?" and "api_key_env" in fix
        keyed = replace(spec, api_key_env="SOME_KEY")
        ((missing, _),) = troubles(keyed)
        assert missing == "The environment variable SOME_KEY is empty."
        monkeypatch.setenv("SOME_KEY", "k")
        assert list(troubles(keyed)) == []
        server.shutdown()
        thread.join()
    ((away, fix),) = troubles(spec)
    assert spec.url in away and fix.startswith("Start the server")


def test_what_the_machine_has_is_no_trouble(tmp_path: Path) -> None:
    assert told(tmp_path, huge_pages=True, numa="isolate") == []


def test_an_engine_that_fits_nowhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path))
    settings = load(PROFILE)
    engines = {
        **settings.engines,
        "qwen3-coder": {**settings.engines["qwen3-coder"], "memory_mib": 99, "devices": ["CUDA5"]},
    }
    devices = Devices(sources=Sources(lambda _: [], dict, lambda _: None, lambda: (1 << 30, 1 << 30)))
    found = list(unplaced(settings.model_copy(update={"engines": engines}), devices))
    assert [(name, cause) for name, cause, _ in found] == [("qwen3-coder", "There is no device CUDA5.")]
