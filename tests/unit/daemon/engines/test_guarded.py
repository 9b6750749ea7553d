from collections.abc import Sequence

import pytest

from agents.errors import EngineError
from daemon.engines.guarded import GuardedEmbedder
from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import EmbedderError
from vault_sync.ports import Vectors


class Failing(WordEmbedder):
    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise EngineError("No answer.", "The server is away.", "Start it.")


def test_an_engine_that_fails_is_an_error_of_the_vault() -> None:
    with pytest.raises(EmbedderError) as caught:
        GuardedEmbedder(Failing()).embed_passages(["x"])
    assert (caught.value.effect, caught.value.cause, caught.value.fix) == (
        "No answer.",
        "The server is away.",
        "Start it.",
    )


def test_what_works_is_handed_through() -> None:
    inner = WordEmbedder()
    guarded = GuardedEmbedder(inner)
    assert guarded.spec is inner.spec and guarded.count_tokens("a b") == 4
    assert (guarded.embed_passages(["a"])[0] == guarded.embed_query("a")).all()
