from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.openai.lines import Lines


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
