import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.openai.lines import LONGEST, Lines, LongLineError


@given(st.lists(st.binary(max_size=6).filter(lambda line: b"\n" not in line and b"\r" not in line)), st.data())
def test_lines_do_not_depend_on_where_they_were_cut(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + data.draw(st.sampled_from((b"\n", b"\r\n"))) for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    reader = Lines()
    found = [
        line
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)
        for line in reader.feed(whole[start:end])
    ]
    assert [*found, *reader.end()] == lines


def test_a_last_line_needs_no_end() -> None:
    reader = Lines()
    assert reader.feed(b"a\nb") == [b"a"]
    assert (reader.end(), reader.end()) == ([b"b"], [])


def test_a_line_without_end_is_told_before_it_is_gigabytes() -> None:
    reader = Lines()
    with pytest.raises(LongLineError):
        for _ in range(1 + LONGEST // 65_536):
            reader.feed(b"x" * 65_536)


def test_a_long_line_is_put_together_once() -> None:
    def seconds(pieces: int) -> float:
        reader, began = Lines(), time.process_time()
        for _ in range(pieces):
            reader.feed(b"x" * 256)
        reader.end()
        return time.process_time() - began

    seconds(100)
    assert min(seconds(32_000) for _ in range(3)) < 40 * min(seconds(4_000) for _ in range(3))
