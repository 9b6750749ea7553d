import pytest

from agents.errors import EngineError
from daemon.engines.files.gguf import GgufHeader, Tensor
from daemon.engines.hosting.shape import shape_of, shape_of_folder
from tests.fakes.headers import dense, gpt_oss_120b, header, qwen3_coder_30b, qwen3_embedding_8b

GB = 10**9
QWEN3_06B = {
    "num_hidden_layers": 28, "hidden_size": 1024, "num_attention_heads": 16, "num_key_value_heads": 8,
    "head_dim": 128, "vocab_size": 151936, "intermediate_size": 3072, "torch_dtype": "bfloat16",
    "tie_word_embeddings": True, "max_position_embeddings": 40960,
}  # fmt: skip


def test_weights_lie_in_layers_and_around_them() -> None:
    shape = shape_of([dense(layers=3, layer_bytes=100, head_bytes=7)])
    assert [layer.weights for layer in shape.layers] == [100, 100, 100]
    assert (shape.input_bytes, shape.output_bytes, shape.weights, shape.tied) == (7, 7, 314, False)


@pytest.mark.parametrize(
    ("made", "published"), [(gpt_oss_120b(), 63.4), (qwen3_coder_30b(), 18.6), (qwen3_embedding_8b(), 8.05)]
)
def test_known_models_weigh_what_their_pages_say(made: GgufHeader, published: float) -> None:
    assert shape_of([made]).weights == pytest.approx(published * GB, rel=0.03)


def test_experts_are_apart() -> None:
    shape = shape_of([qwen3_coder_30b()])
    assert sum(layer.experts for layer in shape.layers) > 0.9 * shape.weights
    assert all(layer.dense and layer.experts for layer in shape.layers)


def test_every_other_layer_of_gpt_oss_sees_a_window_only() -> None:
    assert [layer.window for layer in shape_of([gpt_oss_120b()]).layers[:4]] == [128, 0, 128, 0]


def test_a_pattern_that_the_file_tells_is_followed() -> None:
    numbers: dict[str, object] = {
        "embedding_length": 64, "attention.head_count": 4, "attention.sliding_window": 32,
        "attention.sliding_window_pattern": (True, True, False),
    }  # fmt: skip
    shape = shape_of([header("new", numbers, {}, layers=3, layer={})])
    assert [layer.window for layer in shape.layers] == [32, 32, 0]


def test_heads_may_differ_by_layer_and_none_means_a_state() -> None:
    numbers: dict[str, object] = {
        "embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": (0, 2),
        "ssm.state_size": 16, "ssm.inner_size": 128, "ssm.conv_kernel": 4, "ssm.group_count": 1,
    }  # fmt: skip
    first, second = shape_of([header("mixed", numbers, {}, layers=2, layer={})]).layers
    assert (first.cached, first.state) == (0, 4 * (3 * (128 + 32) + 16 * 128))
    assert (second.cached, second.state) == (2 * 32, 0)


def test_a_model_that_reads_a_text_at_once_keeps_nothing() -> None:
    numbers: dict[str, object] = {"embedding_length": 64, "attention.head_count": 4, "attention.causal": False}
    assert shape_of([header("bert", numbers, {}, layers=2, layer={"x": 5})]).layers[0].cached == 0


def test_the_parts_of_a_split_model_are_added_up() -> None:
    whole, rest = dense(layers=2), GgufHeader({}, 0, {"blk.1.ffn_up.weight": Tensor((1,), 11)})
    assert shape_of([whole, rest]).weights == shape_of([whole]).weights + 11


def test_a_folder_without_files_is_counted_by_its_configuration() -> None:
    shape = shape_of_folder(QWEN3_06B, [])
    assert shape.weights == pytest.approx(2 * 0.596 * GB, rel=0.02)
    assert shape.layers[0].cached == 2 * 8 * 128


def test_a_folder_weighs_what_its_files_weigh() -> None:
    assert shape_of_folder(QWEN3_06B, [GB, GB // 2]).weights == pytest.approx(1.5 * GB, rel=0.001)


def test_layers_without_end_are_refused_and_not_counted() -> None:
    many = header("new", {"block_count": 2**32 - 1}, {}, layers=1, layer={})
    far = header("new", {}, {"blk.99999999999.attn_q.weight": Tensor((1,), 4)}, layers=1, layer={})
    for each in (many, far):
        with pytest.raises(EngineError) as caught:
            shape_of([each])
        assert "layers" in caught.value.cause
    with pytest.raises(EngineError):
        shape_of_folder({"num_hidden_layers": 10**10}, [])


def test_negative_numbers_free_no_memory() -> None:
    numbers: dict[str, object] = {
        "embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": -2, "attention.key_length": -64,
        "context_length": -1,
    }  # fmt: skip
    shape = shape_of([header("new", numbers, {}, layers=2, layer={})])
    assert all(layer.cached >= 0 for layer in shape.layers)
    assert shape.trained == 0


@pytest.mark.parametrize("value", [None, "x", "", [], {}, -1, 1.5, float("nan"), float("inf")])
def test_what_is_no_number_in_a_folder_counts_as_not_said(value: object) -> None:
    for key in (*QWEN3_06B, "text_config", "sliding_window", "layer_types", "num_experts"):
        for files in ([], [10**9]):
            shape = shape_of_folder({**QWEN3_06B, key: value}, files)
            assert shape.weights >= 0
            assert all(layer.cached >= 0 for layer in shape.layers)
