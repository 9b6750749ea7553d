import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.beginnings import Beginnings, packed, unpacked

TOKENS = [7, 8, 9]


def kept(folder: Path, identity: str = "model", most: int = 1 << 20) -> Beginnings:
    return Beginnings(folder / "beginnings", identity, most)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "beginnings").iterdir())


@given(st.lists(st.integers(0, 200_000), max_size=20), st.binary(max_size=50), st.integers(0), st.integers(1, 255))
def test_what_was_packed_is_found_and_no_other_byte_passes(
    tokens: list[int], state: bytes, place: int, change: int
) -> None:
    data = bytearray(packed(tokens, state))
    assert unpacked(bytes(data), tokens) == state
    assert unpacked(bytes(data), [*tokens, 1]) is None
    data[place % len(data)] ^= change
    assert unpacked(bytes(data), tokens) is None
    assert unpacked(bytes(data[: place % len(data)]), tokens) is None


def test_another_process_finds_it_and_another_model_does_not(tmp_path: Path) -> None:
    first = kept(tmp_path)
    assert first.find(TOKENS) is None and not first.has(TOKENS)
    first.keep(TOKENS, b"state")
    first.flush()
    assert kept(tmp_path).has(TOKENS) and kept(tmp_path).find(TOKENS) == b"state"
    assert kept(tmp_path, "other").find(TOKENS) is None and kept(tmp_path).find([7, 8]) is None
    (file,) = files(tmp_path)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_damaged_file_is_deleted(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.keep(TOKENS, b"state")
    first.flush()
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert first.find(TOKENS) is None and files(tmp_path) == [] and not first.has(TOKENS)


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    size = len(packed([0], bytes(1000)))
    first = kept(tmp_path, most=2 * size)
    for number in range(2):
        first.keep([number], bytes(1000))
    first.flush()
    for file in files(tmp_path):
        os.utime(file, (1000, 1000))
    assert first.find([0]) is not None
    first.keep([5], bytes(1000))
    first.flush()
    assert [kept(tmp_path).find([number]) is not None for number in (0, 1, 5)] == [True, False, True]
    first.keep([6], bytes(5000))
    first.flush()
    assert len(files(tmp_path)) == 2, "one that is larger than all may be is not kept"


def test_what_is_in_doubt_is_forgotten_though_it_is_still_being_written(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.keep(TOKENS, b"state")
    first.forget(TOKENS)
    first.forget([5])
    first.flush()
    assert files(tmp_path) == [] and not first.has(TOKENS)
    first.keep(TOKENS, b"state")
    first.flush()
    assert first.find(TOKENS) == b"state"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.keep(TOKENS, b"state")
    first.flush()
    (file,) = files(tmp_path)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert first.find(TOKENS) is None


def test_a_folder_that_can_not_be_made_is_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "beginnings").write_text("a file")
    first = kept(tmp_path)
    first.keep(TOKENS, b"state")
    first.flush()
    assert first.find(TOKENS) is None and "was not saved" in caplog.text
