import pytest
from jinja2 import TemplateError

from daemon.engines.template import ChatTemplate, fold_system

CHATML = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}" + CHATML
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hi"}


def test_renders_up_to_the_answer() -> None:
    assert ChatTemplate(CHATML).render([SYSTEM, USER]) == "<system>Be brief.<user>Hi<assistant>"


def test_a_template_without_system_turns_gets_them_in_the_first_user_turn() -> None:
    assert ChatTemplate(NO_SYSTEM).render([SYSTEM, USER]) == "<user>Be brief.\n\nHi<assistant>"


def test_a_refusal_that_folding_does_not_cure_is_told() -> None:
    with pytest.raises(TemplateError, match="never"):
        ChatTemplate("{{ raise_exception('never') }}").render([SYSTEM, USER])


def test_a_template_can_not_reach_python() -> None:
    with pytest.raises(TemplateError):
        ChatTemplate("{{ messages.__class__.__mro__[1].__subclasses__() }}").render([USER])


def test_folding_leaves_other_conversations_alone() -> None:
    assert fold_system([USER]) == [USER]
    assert fold_system([SYSTEM]) == [SYSTEM]


def test_tokens_of_beginning_and_end_are_known_to_the_template() -> None:
    assert ChatTemplate("{{ bos_token }}|{{ eos_token }}", bos="<s>", eos="</s>").render([USER]) == "<s>|</s>"
