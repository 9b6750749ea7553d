"""Headers of models as their files have them, without the files."""

from daemon.engines.files.gguf import GgufHeader, Tensor


def header(
    architecture: str, numbers: dict[str, object], tensors: dict[str, Tensor], *, layers: int, layer: dict[str, int]
) -> GgufHeader:
    """A header whose layers are all alike: `layer` has the bytes of each of their tensors."""
    metadata: dict[str, object] = {"general.architecture": architecture, f"{architecture}.block_count": layers}
    metadata |= {f"{architecture}.{key}": value for key, value in numbers.items()}
    found = {f"blk.{n}.{name}": Tensor((1,), size) for n in range(layers) for name, size in layer.items()}
    return GgufHeader(metadata, 0, {**tensors, **found})


def dense(*, layers: int = 4, layer_bytes: int = 1 << 20, head_bytes: int = 2 << 20) -> GgufHeader:
    """A plain model with two key-value heads of 64 numbers each."""
    numbers: dict[str, object] = {
        "embedding_length": 256, "feed_forward_length": 512, "context_length": 8192,
        "attention.head_count": 4, "attention.head_count_kv": 2,
    }  # fmt: skip
    outside = {"token_embd.weight": Tensor((256, 1000), head_bytes), "output.weight": Tensor((256, 1000), head_bytes)}
    return header("llama", numbers, outside, layers=layers, layer={"attn_q.weight": layer_bytes})


def gpt_oss_120b() -> GgufHeader:
    """The shape of gpt-oss-120b as published with MXFP4 weights: 36 layers, 128 experts, every other layer a window."""
    numbers: dict[str, object] = {
        "embedding_length": 2880, "feed_forward_length": 2880, "context_length": 131072,
        "attention.head_count": 64, "attention.head_count_kv": 8, "attention.key_length": 64,
        "attention.value_length": 64, "attention.sliding_window": 128,
    }  # fmt: skip
    experts = 128 * 2880 * 2880 // 32 * 17
    layer = {f"ffn_{part}_exps.weight": experts for part in ("up", "down", "gate")}
    layer |= {"attn_q.weight": 2880 * 4096 * 2, "attn_k.weight": 2880 * 512 * 2, "attn_v.weight": 2880 * 512 * 2}
    layer |= {"attn_output.weight": 2880 * 4096 * 2}
    words = Tensor((2880, 201088), 2880 * 201088 // 32 * 34)
    return header("gpt-oss", numbers, {"token_embd.weight": words, "output.weight": words}, layers=36, layer=layer)


def qwen3_coder_30b() -> GgufHeader:
    """The shape of Qwen3-Coder-30B-A3B in a mixture of four-bit weights, 4.85 bits each: 48 layers, 128 experts."""
    numbers: dict[str, object] = {
        "embedding_length": 2048, "feed_forward_length": 5472, "context_length": 262144,
        "attention.head_count": 32, "attention.head_count_kv": 4, "attention.key_length": 128,
        "attention.value_length": 128,
    }  # fmt: skip
    layer = {f"ffn_{part}_exps.weight": int(128 * 2048 * 768 * 4.85 / 8) for part in ("up", "down", "gate")}
    layer |= {"attn_q.weight": int(2048 * 4096 * 4.85 / 8), "attn_output.weight": int(2048 * 4096 * 4.85 / 8)}
    layer |= {"attn_k.weight": int(2048 * 512 * 4.85 / 8), "attn_v.weight": int(2048 * 512 * 6.6 / 8)}
    words = Tensor((2048, 151936), int(2048 * 151936 * 6.6 / 8))
    return header("qwen3moe", numbers, {"token_embd.weight": words, "output.weight": words}, layers=48, layer=layer)


def qwen3_embedding_8b() -> GgufHeader:
    """The shape of Qwen3-Embedding-8B in Q8_0: 36 layers of 4,096 numbers."""
    numbers: dict[str, object] = {
        "embedding_length": 4096, "feed_forward_length": 12288, "context_length": 40960,
        "attention.head_count": 32, "attention.head_count_kv": 8, "attention.key_length": 128,
        "attention.value_length": 128, "pooling_type": 3,
    }  # fmt: skip
    layer = {f"ffn_{part}.weight": 4096 * 12288 // 32 * 34 for part in ("up", "down", "gate")}
    layer |= {"attn_q.weight": 4096 * 4096 // 32 * 34, "attn_output.weight": 4096 * 4096 // 32 * 34}
    layer |= {"attn_k.weight": 4096 * 1024 // 32 * 34, "attn_v.weight": 4096 * 1024 // 32 * 34}
    words = Tensor((4096, 151665), 4096 * 151665 // 32 * 34)
    return header("qwen3", numbers, {"token_embd.weight": words}, layers=36, layer=layer)
