"""To whom a sentence speaks."""

from agents.quotation.tone import boasts, speaks_to_reader


def test_who_explains_speaks_to_a_reader() -> None:
    assert speaks_to_reader("Now we drop the anchor.") and speaks_to_reader("Вам нужен якорь.")
    assert speaks_to_reader("У нашего судна есть якорь.") and not speaks_to_reader("The crew drops the anchor.")
    assert speaks_to_reader("Для спуска якоря нажмите на рычаг.") and speaks_to_reader("Затем введите глубину.")
    assert not speaks_to_reader("Предпочитайте цепь канату.")


def test_advertisements_begin_with_a_superlative() -> None:
    assert boasts("The world's best anchor.") and boasts("Leading makers of anchors.")
    assert not boasts("Some of the best anchors are old.") and not boasts("The bestiary has anchors.")
