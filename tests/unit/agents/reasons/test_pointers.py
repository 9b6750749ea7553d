"""Sentences that send their reader elsewhere are told from those that say something."""

import re

import pytest

from agents.reasons.pointers import says_nothing
from tests.torture.notes import corpus


@pytest.mark.parametrize(
    "sentence",
    [
        "Полный список смотрите в документации.",
        "Подробнее об этом можно прочитать здесь.",
        "Подробности — в документации.",
        "Все реализации алгоритмов доступны по ссылке",
        "Что именно писать, сказано в правилах выше.",
        "Параметры описаны в официальной документации.",
        "Читайте также о векторах.",
        "Перейдите по ссылке и скачайте архив.",
        "Вернуться к оглавлению",
        "Необходимо знать вышеперечисленные статьи.",
        "Здесь указывается ссылка на узел, в котором используется шаблон.",
        "Эту часть допишу позже.",
        "See the documentation for the full list.",
        "Before you start editing please read the guidelines.",
        "Below are some ways you can get involved today.",
        "Explore our up-to-date list of meetups.",
        "More information can be found in the manual.",
        "For more details, visit the site.",
        "The options are described in the official documentation.",
        "As the table below shows, it pays.",
        "If you would like to become a partner, please fill out this form.",
        "Brief description of the tool.",
        "This article is a stub about memory.",
        "Learn more about vectors at the site.",
        "Learn about the ways in which data are moved.",
        "Discover tools and practices for data.",
        "Чтобы задать формат, изучите эту функцию.",
        "Next: the second chapter of the book",
    ],
)
def test_it_says_nothing(sentence: str) -> None:
    assert says_nothing(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Документация описывает параметры сервера.",
        "Ошибки в документации стоят дорого.",
        "Связи описаны предложением, а не стрелкой.",
        "Подробный план спасает поездку.",
        "Температура ниже нуля портит томаты.",
        "Ссылки ведут к мыслям, а папки ведут к полкам.",
        "Смотритель музея хранит карты.",
        "Список рассчитан на неделю летом с палаткой.",
        "A literature note says in my own words what somebody else claims.",
        "Documentation is written for the reader who is in a hurry.",
        "The cache lies below the second level and above the disk.",
        "Readers see a table, and writers see a tree.",
        "The following note of a chord decides its colour.",
        "Explorers of the north wrote diaries.",
        "Nextcloud keeps the files of a family.",
        "A stub is a small function that stands for a large one.",
    ],
)
def test_it_says_something(sentence: str) -> None:
    assert not says_nothing(sentence)


def test_the_sample_vault_says_something() -> None:
    sentences = [sentence for each in corpus().by_note.values() for sentence in each]
    assert len(sentences) > 100
    odd = [sentence for sentence in sentences if says_nothing(re.sub(r"[*_`]", "", sentence))]
    assert len(odd) <= 0.02 * len(sentences), odd
