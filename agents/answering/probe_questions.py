"""The reading questions of agents/answering/mastery.py. Every name and fact in them is made up.

They are as simple as reading can be, a sentence and a question about it, because they are to tell a model that
masters a language badly from one that does not master it, not a clever model from a simple one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A passage, a question whose answer stands in it, and the words of which one has to come (any form of them)."""

    passage: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadingTest:
    """What the model is told to do, in the language of the test, and what it is asked."""

    instruction: str
    frame: str
    questions: tuple[Question, ...]

    def prompt(self, question: Question) -> str:
        """The user turn of one question."""
        return self.frame.format(passage=question.passage, question=question.question)


_ENGLISH = (
    Question("Osric is the keeper of the lighthouse of Dunmarrow.", "Who is the keeper of the lighthouse?", ("osric",)),
    Question("Our baker bakes rye bread on Sundays.", "What does our baker bake on Sundays?", ("rye", "bread")),
    Question("Mira planted the pumpkins beside the gate.", "Where did Mira plant the pumpkins?", ("gate",)),
    Question("The slugs ate all of the beans last night.", "What did the slugs eat?", ("beans",)),
    Question("The ferry to Brask leaves at noon.", "When does the ferry to Brask leave?", ("noon",)),
    Question("The ferry carries people and goats to the island.", "What does the ferry carry?", ("people", "goats")),
    Question("Petra ordered the ink for the printer yesterday.", "Who ordered the ink?", ("petra",)),
    Question("The old printer needs blue ink.", "What colour is the ink?", ("blue",)),
    Question("The people of Orlsby make cheese.", "What do the people of Orlsby make?", ("cheese",)),
    Question("They sell their honey at the market in Hane.", "Where do they sell their honey?", ("hane", "market")),
    Question("Captain Vell has a cat named Soot.", "What is the name of the captain's cat?", ("soot",)),
    Question("The cat sleeps in the captain's hat.", "Where does the cat sleep?", ("hat",)),
    Question("The meeting is on Friday.", "When is the meeting?", ("friday",)),
    Question("The concert will be in the town hall.", "Where will the concert be?", ("hall",)),
    Question("The bridge is closed because of a flood.", "Why is the bridge closed?", ("flood", "flooding")),
    Question("All trucks must use the tunnel under the Lomma.", "What must trucks use?", ("tunnel",)),
)
_RUSSIAN = (
    Question("Осрик служит смотрителем маяка в Дунмарове.", "Кто смотритель маяка?", ("осрик",)),
    Question("По воскресеньям наш пекарь печёт ржаной хлеб.", "Что наш пекарь печёт по воскресеньям?", ("хлеб",)),
    Question("Мира посадила тыквы у калитки.", "Где Мира посадила тыквы?", ("калитка", "калитки")),
    Question("Ночью слизни съели всю фасоль.", "Что съели слизни?", ("фасоль",)),
    Question("Паром в Браск отходит в полдень.", "Когда отходит паром в Браск?", ("полдень",)),
    Question("Паром возит на остров людей и коз.", "Кого возит паром?", ("людей", "люди", "коз")),
    Question("Вчера Петра заказала чернила для принтера.", "Кто заказал чернила?", ("петра",)),
    Question("Старому принтеру нужны синие чернила.", "Какого цвета чернила?", ("синие", "синий", "синего")),
    Question("Жители Орлсби варят сыр.", "Что варят жители Орлсби?", ("сыр",)),
    Question("Они продают свой мёд на рынке в Хане.", "Где они продают мёд?", ("хане", "рынке")),
    Question("У капитана Велла есть кот по кличке Уголёк.", "Как зовут кота капитана?", ("уголек",)),
    Question("Кот спит в шляпе капитана.", "Где спит кот?", ("шляпе", "шляпа")),
    Question("Собрание пройдёт в пятницу.", "Когда пройдёт собрание?", ("пятницу", "пятница")),
    Question("Концерт будет в ратуше.", "Где будет концерт?", ("ратуше", "ратуша")),
    Question("Мост закрыт из-за наводнения.", "Почему закрыт мост?", ("наводнения", "наводнение")),
    Question("Все грузовики едут через туннель под Ломмой.", "Через что едут грузовики?", ("туннель",)),
)
READING: dict[str, ReadingTest] = {
    "en": ReadingTest(
        "You answer questions about a text in one short sentence.",
        "Text: {passage}\n\nQuestion: {question}",
        _ENGLISH,
    ),
    "ru": ReadingTest(
        "Ты отвечаешь на вопросы о тексте одним коротким предложением.",
        "Текст: {passage}\n\nВопрос: {question}",
        _RUSSIAN,
    ),
}
