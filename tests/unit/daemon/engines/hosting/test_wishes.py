from daemon.engines.hosting.footprint import stated
from daemon.engines.hosting.placement import MAIN, Device
from daemon.engines.hosting.wishes import purposes_of, roles_by_engine, wish_of
from daemon.engines.spec import EngineSpec

SEEN = [Device("CPU", "cpu", MAIN, 9, 9), *(Device(f"CUDA{n}", "nvidia", f"{n}", 9, 9) for n in range(3))]


def test_the_most_important_role_of_an_engine_decides() -> None:
    roles = roles_by_engine({"reranker": "b", "embedder": "a", "planner": "a", "singer": "b"})
    assert roles == {"b": ("reranker", "singer"), "a": ("planner", "embedder")}
    assert [purposes_of(each) for each in (("planner", "coder"), ("embedder",), ("planner", "reranker"), ())] == [
        ("chat",),
        ("embed",),
        ("chat", "rank"),
        ("chat",),
    ]
    wishes = [wish_of(EngineSpec(n, "llama_cpp", "x"), stated(1), roles[n], SEEN).rank for n in "ab"]
    assert wishes == [0, 4]


def test_vllm_takes_the_first_cards_unless_it_is_told_others() -> None:
    spec = EngineSpec("a", "vllm", "x", tensor_parallel=2)
    assert wish_of(spec, stated(2, 2), (), SEEN).devices == ("CUDA0", "CUDA1")
    told = EngineSpec("a", "vllm", "x", tensor_parallel=2, devices=("CUDA2", "CUDA0"))
    assert wish_of(told, stated(2, 2), (), SEEN).devices == ("CUDA2", "CUDA0")
    assert wish_of(spec, stated(2, 2), (), SEEN[:1]).devices == ()
