"""Words of everyday use: a note may be called so, but a text that says them seldom means the note."""

_ENGLISH = """
about access account action activity address advice agenda answer app application area article author archive
background backup base basics benefit bill blog board body book box brand budget build business calendar call car card
care case category center change chapter chat check child choice city class client code collection comment community
company concept conclusion contact contacts content control copy core cost country course cover creation credit
current customer daily data date day deal decision default design detail diary document draft drive edit education
effect email end energy entry error event events example exercise experience experiment fact family feature feedback
field file film finance fitness focus folder food form format free friend function future game general goal goals good
group growth guide habit hand health help history hobby home house human idea ideas image important inbox index
information input interest interface interview introduction issue item job journal key kind knowledge language law
layer learning level library life light line link list log love machine mail main management manager map market
material me measure media meeting meetings member memory message method mind mission mode model moment money month
more motivation movie music name network new news next note notes now number object office open option order
organization output overview owner page paper part partner pattern people performance period person personal phone
photo picture place plan planning play point policy post power practice present price principle private problem
problems process product profile program progress project projects public purpose quality question questions quote
random read reading reason record reference report request research resource resources result review role routine rule
sale sample save school science search security self series server service session set setting settings shop site
skill skills sleep small social software solution sort source space sport stage standard start state status step
storage store story strategy structure student study style subject success summary support system table tag task tasks
team technology template templates term test tests text theme theory thing things thought thoughts time tip title
today tool tools topic topics tour training travel trip type unit update use user value version video view vision
vocabulary weather web week weekly welcome words work world writing year go rust swift spark word excel teams slack
notion zoom less make act air flow meta english russian german french misc other various untitled todo readme
changelog license guidelines architecture environment device concepts communities put display delete insert run close
write move find get patch send show stop watch hardware window windows keyboard mouse screen speaker
"""
_RUSSIAN = """
автор адрес анализ архив база банк безопасность библиотека бизнес блог бюджет важное вариант введение вера версия
вещь видео визит вклад влияние внимание вода возможность вопрос вопросы воспитание время встреча встречи вход выбор
вывод выводы выход год город группа движение дело дела деньги день дети дизайн дневник доклад документ документы дом
друг друзья еда жизнь журнал завтра задание задача задачи заказ закон заметка заметки запись записи звук здоровье знание
знания значение игра игры идея идеи измерение изменение имя индекс инструкция инструмент инструменты интерес интересное
интерфейс информация искусство история итог итоги карта картина качество класс ключ книга книги код количество команда
команды комментарий компания компьютер конец контакт контакты контроль концепция корень кот край круг культура курс
курсы лекция лето лист литература личное личность лицо любовь люди маршрут материал материалы машина мебель место месяц
метод методы механизм мир модель мозг момент мост музыка мысль мысли наблюдение название наука начало неделя новости
номер обзор образ образование обсуждение объект обучение общее общество объём окно описание опыт организация основа
основы особенность ответ ответы отдых отношения отпуск отчёт отчет оценка ошибка ошибки память папка параметр пара
период письмо план планы платформа погода поиск покупки поле польза помощь понятие порядок последствия поток правило
правила практика пример примеры принцип принципы природа причина проблема проблемы проверка программа программы
продукт проект проекты процесс процессы прочее путешествие путь работа работы развитие размер разное раздел расписание
расход расходы результат результаты решение роль рост ручка рука рынок ряд свет свойство связь связи семья сеть сила
система системы ситуация слово слова служба случай смысл событие события совет советы содержание создание состояние
спорт список списки способ способы средство ссылка ссылки я и стена стиль стол сторона стратегия страна
страница структура суть схема счёт счет тег теги текст тема темы теория термин термины тест тесты техника технология тип
товар точка труд тур тренировка ум умение урок уроки уровень условие услуга успех утро участие учёба учеба факт файл
файлы фильм фильмы финансы фокус форма фото функция характер хобби цель цели цена центр цикл цифра час часть человек
число чтение шаблон шаблоны шаг школа экран эксперимент элемент энергия этап эффект юмор язык языки сегодня
масса большинство стек дерево куча очередь лямбда адаптер фасад декоратор наблюдатель итератор строитель прототип
"""
EVERYDAY = frozenset(f"{_ENGLISH} {_RUSSIAN.replace('ё', 'е')}".split())
"""Folded."""


def is_everyday(*words: str) -> bool:
    """Whether one of these folded words is."""
    return not EVERYDAY.isdisjoint(words)
