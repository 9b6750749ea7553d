import pytest

from daemon.engines.files.gguf import GgufHeader, Tensor
from daemon.engines.reading import bytes_a_token, copy_bandwidth, most_tokens_a_second

DENSE = {
    "token_embd.weight": Tensor((8, 100), 1000),
    "blk.0.attn_q.weight": Tensor((8, 8), 64),
    "blk.1.attn_q.weight": Tensor((8, 8), 64),
    "output.weight": Tensor((8, 100), 700),
}
META: dict[str, object] = {"general.architecture": "x", "x.block_count": 2, "x.attention.head_count": 1}


def test_the_rows_of_the_input_are_not_read() -> None:
    assert bytes_a_token([GgufHeader(META, 0, DENSE)]) == 64 + 64 + 700


def test_tied_embeddings_are_read_for_the_output() -> None:
    tied = {name: tensor for name, tensor in DENSE.items() if name != "output.weight"}
    assert bytes_a_token([GgufHeader(META, 0, tied)]) == 64 + 64 + 1000


def test_of_the_experts_only_those_in_use() -> None:
    tensors = {**DENSE, "blk.1.ffn_up_exps.weight": Tensor((8, 8, 4), 400)}
    meta = {**META, "x.expert_count": 4, "x.expert_used_count": 1}
    assert bytes_a_token([GgufHeader(meta, 0, tensors)]) == 64 + 64 + 700 + 100


@pytest.mark.slow
def test_memory_is_measured() -> None:
    assert copy_bandwidth(1) > 1e6


@pytest.mark.parametrize(("read", "bandwidth", "most"), [(5, 100.0, 20.0), (0, 100.0, 0.0), (5, 0.0, 0.0)])
def test_the_limit(read: int, bandwidth: float, most: float) -> None:
    assert most_tokens_a_second(read, bandwidth) == most
