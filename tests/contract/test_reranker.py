"""What every Reranker must do: with a GGUF file in a worker of ours (real llama.cpp, random weights), and at a server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.hosting.host import RerankEngine, build_reranker
from daemon.engines.spec import EngineSpec
from tests.fakes import tiny_reranker
from tests.fakes.openai_front import fronting
from vault_sync.ports import Reranker

pytestmark = pytest.mark.slow
QUERY = "the cat"
TEXTS = ["the cat sleeps", "the dog barks", "moon", "sun rises in the moon", "a"]


@pytest.fixture(scope="module", params=["llama_cpp", "openai"])
def reranker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RerankEngine]:
    file = tiny_reranker.write(tmp_path_factory.mktemp("models") / "tiny.gguf")
    made = build_reranker(EngineSpec("tiny", "llama_cpp", str(file), context=128))
    if request.param == "openai":
        with fronting(reranker=made) as url:
            far = build_reranker(EngineSpec("far", "openai", "tiny", url=url, context=128))
            yield far
            far.close()
    else:
        yield made
    made.close()


def test_each_text_has_a_score(reranker: Reranker) -> None:
    scores = reranker.rerank(QUERY, TEXTS)
    assert len(scores) == len(TEXTS) and all(map(isfinite, scores)) and len(set(scores)) == len(TEXTS)


def test_no_texts_have_no_scores(reranker: Reranker) -> None:
    assert list(reranker.rerank(QUERY, [])) == []


def test_a_text_has_the_same_score_alone_and_in_company(reranker: Reranker) -> None:
    company = reranker.rerank(QUERY, [*TEXTS, *TEXTS[::-1]] * 3)
    for row, text in enumerate(TEXTS):
        assert reranker.rerank(QUERY, [text])[0] == pytest.approx(company[row], abs=1e-3)


def test_the_question_counts(reranker: Reranker) -> None:
    one, other = reranker.rerank("the cat sleeps", TEXTS), reranker.rerank("sun", TEXTS)
    assert one != pytest.approx(other, abs=1e-3)


def test_a_long_text_is_cut_at_its_end(reranker: Reranker) -> None:
    long = "moon " * 2000
    assert reranker.rerank(QUERY, [long + "cat"])[0] == pytest.approx(reranker.rerank(QUERY, [long + "dog"])[0])


def test_strange_texts_are_texts(reranker: Reranker) -> None:
    strange = ["", " ", "before\0after", "🦊" * 20, "a\ud800b", "[SEP]", "кот спит"]
    assert all(map(isfinite, reranker.rerank(QUERY, strange)))
    assert all(map(isfinite, reranker.rerank("[SEP] \ud800", TEXTS)))


def test_threads_may_ask_at_once(reranker: Reranker) -> None:
    alone = reranker.rerank(QUERY, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: reranker.rerank(QUERY, TEXTS), range(4)):
            assert scores == pytest.approx(alone, abs=1e-3)


def test_a_model_without_a_head_is_no_reranker(tmp_path: Path) -> None:
    file = tiny_reranker.write(tmp_path / "embeds.gguf", head=False)
    with pytest.raises(EngineError) as caught:
        build_reranker(EngineSpec("embeds", "llama_cpp", str(file)))
    assert "no head that ranks" in caught.value.cause and "bge-reranker" in caught.value.fix
