"""The benchmarks can be begun: what they take from the code by name is there."""

import pytest

from tests.bench.__main__ import BENCHES, Bench


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.name)
def test_a_benchmark_can_be_begun(bench: Bench) -> None:
    assert callable(bench.module.compare) and callable(bench.module.table)
