import struct
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.gguf import fingerprint, read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(*, weights: bytes = b"\0" * 128) -> bytes:
    pairs = [
        text("general.architecture") + struct.pack("<I", 8) + text("tiny"),
        text("tiny.embedding_length") + struct.pack("<II", 4, 32),
        text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("б"),
        text("scores") + struct.pack("<IIQ", 9, 6, 3) + struct.pack("<3f", 1, 2, 3),
    ]
    tensor = text("weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor
    return head + b"\0" * (-len(head) % 32) + weights


def with_tensors(*tensors: bytes, data: bytes) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + data


def stored(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(data)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    header = read_header(stored(tmp_path, gguf()))
    assert header.of_architecture("embedding_length") == 32
    assert header.needed_bytes == len(gguf())


@pytest.mark.parametrize("length", [5, 20, 60, 150, -129, -1])
def test_a_file_cut_short_is_refused_wherever_it_ends(tmp_path: Path, length: int) -> None:
    with pytest.raises(EngineError) as caught:
        read_header(stored(tmp_path, gguf()[:length]))
    assert "not whole" in caught.value.cause
    assert "models pull" in caught.value.fix


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<html>Not Found</html>", "not a GGUF file"),
        (b"", "can not be read"),
        (b"GGUF" + struct.pack("<I", 9) + b"\0" * 40, "version 9"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_header(stored(tmp_path, data))
    assert told in caught.value.cause


def with_pairs(*pairs: bytes, count: int | None = None, tensors: int = 0) -> bytes:
    """A header without tensors, or one that says that it has some."""
    said = len(pairs) if count is None else count
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, said) + b"".join(pairs) + b"\0" * 4096


ALIGNMENT = text("general.alignment")


@pytest.mark.parametrize(
    "damaged",
    [
        with_pairs(ALIGNMENT + struct.pack("<II", 4, 0)),
        with_pairs(ALIGNMENT + struct.pack("<Ii", 5, -32)),
        with_pairs(ALIGNMENT + struct.pack("<I", 8) + text("32")),
        with_pairs(text("scores") + struct.pack("<IIQ", 9, 6, 2**62), count=2),
        with_pairs(text("deep") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 20_000),
        with_pairs(text("texts") + struct.pack("<IIQ", 9, 8, 2**40)),
        with_pairs(count=2**40),
        with_pairs(tensors=2**40),
        with_tensors(text("many") + struct.pack("<I", 2**31), data=b"\0" * 4096),
        with_tensors(text("none") + struct.pack("<IIQ", 0, 0, 0), data=b"\0" * 4096),
    ],
)
def test_damaged_numbers_are_told_and_not_counted_up_to(tmp_path: Path, damaged: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        read_header(stored(tmp_path, damaged))
    assert "not whole" in caught.value.cause


def test_a_text_is_not_read_for_gigabytes(tmp_path: Path) -> None:
    path = stored(tmp_path, b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 3 << 30))
    with path.open("r+b") as file:
        file.truncate(4 << 30)  # a hole: nothing is written
    with pytest.raises(EngineError) as caught:
        read_header(path)
    assert "3,221,225,472 bytes" in caught.value.cause


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        read_header(tmp_path / "none.gguf")
    assert "No such file" in caught.value.cause


def test_a_fingerprint_is_of_the_content_not_of_the_place(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    one, copy = stored(tmp_path, gguf()), stored(tmp_path / "copy", gguf())
    other = tmp_path / "other.gguf"
    other.write_bytes(gguf(weights=b"\1" * 128))
    assert fingerprint(one) == fingerprint(copy) != fingerprint(other)


def test_tensors_have_shapes_and_sizes_also_of_types_that_came_later(tmp_path: Path) -> None:
    first = text("old") + struct.pack("<IQQIQ", 2, 32, 2, 8, 0)
    second = text("new") + struct.pack("<IQIQ", 1, 64, 77, 96)
    header = read_header(stored(tmp_path, with_tensors(first, second, data=b"\0" * 160)))
    assert (header.tensors["old"].shape, header.tensors["old"].bytes) == ((32, 2), 68)
    assert header.tensors["new"].bytes == 64
