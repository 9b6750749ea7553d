import pytest

from agents.mention.form import form_of
from agents.mention.tokens import tokens


def manner(name: str, found: str) -> str | None:
    form = form_of(list(tokens(name)), list(tokens(found)))
    return form.manner if form else None


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("Квантование", "квантование", "exact"),
        ("Квантование", "квантованию", "inflected"),
        ("Заметка", "заметок", "number"),
        ("Человек", "людьми", "number"),
        ("Хеш-таблица", "хеш-таблицами", "number"),
        ("Тайм-менеджмент", "тайм-менеджменте", "inflected"),
        ("Собственный вектор", "собственных вектора", "inflected"),
        ("Нержавеющая сталь", "нержавеющей стали", "inflected"),
        ("Война и мир", "войны и мира", "inflected"),
        ("Лев Толстой", "Льве Толстом", "inflected"),
        ("Скорость света", "скорости света", "inflected"),
        ("SOLID принципы", "SOLID принципов", "inflected"),
        ("Ёлка", "елки", "inflected"),
        ("Транссиб", "Транссибу", "inflected"),
        ("Data warehouse", "data warehouses", "number"),
        ("System of record", "systems of record", "number"),
        ("Data model", "datas model", "derived"),
        ("Partition", "partitioned", "derived"),
        ("Wolf", "wolves", "number"),
        ("Index", "indices", "number"),
        ("Diagnosis", "diagnoses", "number"),
        ("Vertebra", "vertebrae", "number"),
        ("Meniscus", "menisci", "number"),
        ("Бесконечно малая функция", "бесконечно малых функций", "number"),
        ("Хорошо темперированный клавир", "хорошо темперированного клавира", "inflected"),
    ],
)
def test_a_form_is_known(name: str, found: str, expected: str) -> None:
    assert manner(name, found) == expected


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Гибридный поиск", "гибридный поиска"),
        ("Скорость света", "скорости светов звёзд"[:14] + "ом"),
        ("Пётр Иванов", "Пётр Иванову"),
        ("Новость", "новый"),
        ("Model 3", "Model 4"),
        ("Docker", "докер"),
    ],
)
def test_what_does_not_agree_is_no_form(name: str, found: str) -> None:
    assert manner(name, found) is None


def test_how_certain_it_is_follows_the_usual_reading() -> None:
    steel = form_of(list(tokens("Сталь")), list(tokens("стали")))
    assert steel is not None and steel.certain < 0.1
