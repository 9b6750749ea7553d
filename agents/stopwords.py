"""Words that say nothing of what a question is about: function words, question words, words of asking."""

_ENGLISH = """
a an and are as at be been being but by can could did do does doing for from had has have he her hers him his
how i if in into is it its itself let like may me might more most much many my not no of off on once only or other
our ours out over own per same shall she should so some such than that the their theirs them then there these they this
those through thus to too under until up upon us was we were what when where which while who whom whose why will with
within without would you your yours about again all also am any because before after between both during each few
here just nor very yet one whether s t
what's who's where's how's that's it's i'm don't doesn't didn't isn't aren't can't
tell explain describe show find give list define summarize summarise outline please know mean means meaning called
name named notes note say says said wrote written question answer kind kinds type types sort
"""
_RUSSIAN = """
а б ж без более больше бы был была были было быть в вам вас весь во вот все всего всех вы где да для до его ее если
есть еще же за здесь и из или им их к как какая какие какими каким каких каков какова какого какое какой какому
какую каково ко когда кого кому кем чем чему который которая которые которого которой которых которое которую
которым которыми кто куда откуда ли либо между меня мне много мной может можно мой моя мои моих моем моей моими мы
на над нам нами нас надо нужно наш не него нее ней нем нет ни ним ними них но ну о об обо однако он она они оно от
очень по под после потом потому почему зачем при про с со сам само самый самая самое свой своего своей своих свою
себя себе сколько так такая такие такой такое также там тебя тебе то того тоже той только том ты тут у уже хотя
чего через что чтобы чье чья чей эта эти это этого этой этом этих этот эту я является являются
бывает бывают называется называют называются называлась назывался зовут значит означает
расскажи расскажите объясни объясните опиши опишите покажи покажите найди найдите дай дайте назови назовите
перечисли перечислите скажи скажите подскажи подскажите напомни заметки заметках заметка заметке заметок
заметкам вопрос ответ ответь вид виды тип типы
пожалуйста говорится сказано написано пишется написал
"""
STOP_WORDS = frozenset(f"{_ENGLISH} {_RUSSIAN}".split())
