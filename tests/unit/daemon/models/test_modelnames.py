"""What may be named as `model`, in a Famulus that no model runs in."""

import pytest

from daemon.compose import Famulus
from daemon.envelope import NotFoundError
from tests.composed import Build


@pytest.fixture
def famulus(build: Build) -> Famulus:
    return build()


def test_each_name_stands_once_and_the_agent_first(famulus: Famulus) -> None:
    names = famulus.models.all()
    assert names[0] == "famulus" and len(names) == len(set(names))
    assert {"planner", "coder", "embedder", "smollm2", "e5-small"} <= set(names)


def test_the_agent_is_its_planner_and_a_model_is_found_by_its_own_name(famulus: Famulus) -> None:
    planner = famulus.models.chat("famulus")
    coder = famulus.models.chat("coder")
    assert planner is famulus.models.chat("planner") is not coder
    assert [famulus.models.chat(engine.model) for engine in (planner, coder)] == [planner, coder]


def test_an_unknown_name_is_told_the_known_ones(famulus: Famulus) -> None:
    for ask, able in ((famulus.models.chat, "planner"), (famulus.models.check_embedder, "embedder")):
        with pytest.raises(NotFoundError, match="no model 'gpt-5'") as raised:
            ask("gpt-5")
        assert (raised.value.code, able in raised.value.fix) == ("model_not_found", True)


@pytest.mark.parametrize("name", ["embedder", "e5-small", "words"])
def test_the_embedder_has_three_names(famulus: Famulus, name: str) -> None:
    famulus.models.check_embedder(name)


def test_a_model_that_can_not_do_what_is_asked_is_not_called_unknown(famulus: Famulus) -> None:
    for ask, name, able in (
        (famulus.models.chat, "embedder", "planner"),
        (famulus.models.check_embedder, "planner", "embedder"),
    ):
        with pytest.raises(NotFoundError, match="can not do this") as raised:
            ask(name)
        assert able in raised.value.fix and name not in raised.value.fix
