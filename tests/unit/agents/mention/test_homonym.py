import pytest

from agents.mention.homonym import doubt
from agents.mention.tokens import Token, tokens


def doubt_in(title: str, text: str, word: str) -> float:
    words: list[Token | None] = [None, *tokens(text), None]
    at = next(i for i, token in enumerate(words) if token is not None and token.text == word)
    found = words[at]
    assert found is not None
    return doubt(next(tokens(title)), found, words[at - 1], words[at + 1])


@pytest.mark.parametrize(
    ("title", "text", "word"),
    [
        ("Сталь", "нож из стали", "стали"),
        ("Сталь", "о нержавеющей стали", "стали"),
        ("Мыло", "кусок мыла", "мыла"),
        ("Печь", "Печь стоит в углу", "Печь"),
        ("Квантование", "мы стали заниматься квантованием", "квантованием"),
        ("Течь", "сантехник нашёл течь под раковиной", "течь"),
        ("Рой", "пасечник снял рой с яблони", "рой"),
        ("Мел", "в карьере виден мел", "мел"),
        ("Нейросеть", "всю ночь мучил нейросеть", "нейросеть"),
    ],
)
def test_a_noun_is_seen_by_its_neighbours(title: str, text: str, word: str) -> None:
    assert doubt_in(title, text, word) == 0


@pytest.mark.parametrize(
    ("title", "text", "word"),
    [
        ("Сталь", "люди стали лучше", "стали"),
        ("Сталь", "рабочие стали разбирать забор", "стали"),
        ("Мыло", "бабушка мыла окна", "мыла"),
        ("Множество", "для множества Advice объектов", "множества"),
        ("Печь", "пришлось печь пироги", "печь"),
        ("Течь", "вода начала течь по стене", "течь"),
        ("Рой", "не рой яму другому", "рой"),
        ("Стекло", "вода быстро стекла", "стекла"),
    ],
)
def test_a_verb_too(title: str, text: str, word: str) -> None:
    assert doubt_in(title, text, word) > 0.5
