from pathlib import Path

from daemon.engines.files.gguf import read_header
from daemon.engines.files.gguf_writer import Array, Value, write


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    metadata: dict[str, Value] = {
        "general.architecture": "bert",
        "bert.block_count": 2,
        "bert.eps": 0.5,
        "bert.causal": True,
    }
    arrays = [Array("one", (3,), "F32", bytes(12)), Array("two", (32, 2), "Q4_0", bytes(36))]
    write(path, metadata, arrays)
    header = read_header(path)
    assert header.metadata == metadata
    assert {name: (each.shape, each.bytes) for name, each in header.tensors.items()} == {
        "one": ((3,), 12),
        "two": ((32, 2), 36),
    }
    assert header.needed_bytes <= path.stat().st_size
    assert path.read_bytes()[-64:] == bytes(64)
