"""An embedder beside a worker that behaves as told; its file is real."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.hosting.turnstile import Turnstile
from daemon.engines.llama_cpp.chat import stamp
from daemon.engines.llama_cpp.embedder import LlamaCppEmbedder
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.worker import Launch, Worker
from tests.effort import LONG
from tests.fakes import tiny_reranker

SCRIPT = Path(__file__).parents[4] / "fakes" / "scripted_worker.py"


class Scripted:
    """Behaves as `script` says at its next start."""

    def __init__(self, folder: Path) -> None:
        self.file = tiny_reranker.write(folder / "model.gguf")
        self.script = "answers"
        self.worker = Worker("small", self.launch)
        spec = EngineSpec("small", "llama_cpp", str(self.file), pooling="mean", stall_seconds=60)
        self.embedder = LlamaCppEmbedder(spec, self.worker, Turnstile())

    def launch(self) -> Launch:
        return Launch((sys.executable, str(SCRIPT), self.script), {"stamp": stamp(self.file)})


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    made = Scripted(tmp_path)
    yield made
    made.worker.close()


def test_a_worker_that_others_brought_down_is_asked_again(scripted: Scripted) -> None:
    assert float(scripted.embedder.embed_query("one")[0]) == 1.0
    os.kill(scripted.worker.pid, signal.SIGKILL)
    assert float(scripted.embedder.embed_query("two")[0]) == 1.0
    assert scripted.worker.starts == 2


def test_one_that_dies_at_the_text_is_not_asked_for_ever(scripted: Scripted) -> None:
    scripted.script = "dies-embedding"
    with pytest.raises(EngineError):
        scripted.embedder.embed_query("one")
    assert scripted.worker.starts == 2


class Listening(logging.Handler):
    """Knows when the worker says that it was asked, which is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "asked to embed" in record.getMessage():
            self.asked.set()


def test_who_is_ended_on_purpose_in_mid_question_is_no_matter_for_a_warning(
    scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scripted.script, listening = "hangs", Listening()
    logging.getLogger().addHandler(listening)
    try:
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(scripted.embedder.embed_query, "one")
            assert listening.asked.wait(LONG)
            scripted.worker.close()
            with pytest.raises(EngineError) as caught:
                answer.result(LONG)
    finally:
        logging.getLogger().removeHandler(listening)
    assert "closed" in caught.value.cause
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert scripted.worker.starts == 1


def test_the_same_file_may_be_put_there_again_and_another_model_may_not(scripted: Scripted) -> None:
    assert scripted.embedder.embed_query("one").shape == (1,)
    content = scripted.file.read_bytes()
    scripted.file.unlink()
    scripted.file.write_bytes(content)
    scripted.worker.rest("Its file was replaced.")
    assert scripted.embedder.embed_query("one").shape == (1,)
    changed = bytearray(content)
    changed[-1] ^= 1
    scripted.file.unlink()
    scripted.file.write_bytes(changed)
    scripted.worker.rest("Its file was replaced.")
    with pytest.raises(EngineError, match="can not embed") as caught:
        scripted.embedder.embed_query("one")
    assert "was replaced by another model" in caught.value.cause
