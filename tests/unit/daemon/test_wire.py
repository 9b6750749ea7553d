import json
from pathlib import Path
from typing import Any

import pytest

from daemon.wire import code_points, utf16

CASES = json.loads((Path(__file__).parents[2] / "cases/edits.json").read_text(encoding="utf-8"))["edits"]


@pytest.mark.parametrize(("text", "points", "units"), [("abc", 2, 2), ("😀x", 1, 2), ("ё😀é", 2, 3), ("", 0, 0)])
def test_offsets_of_astral_characters(text: str, points: int, units: int) -> None:
    assert utf16(text, points) == units and code_points(text, units) == points


@pytest.mark.parametrize("case", [case for case in CASES if case["text"]], ids=lambda case: str(case["name"]))
def test_offsets_of_a_case_that_the_plugin_reads_too(case: dict[str, Any]) -> None:
    points = [code_points(case["text"], offset) for offset in case["units"]]
    if case["span"]:
        assert points == case["span"] and [utf16(case["text"], offset) for offset in points] == case["units"]
    else:
        assert [utf16(case["text"], offset) for offset in points] != case["units"], "no code points name such a place"
