"""How a related note stands to this one: broader, narrower or direct.

What the owner wrote comes first: an item “[[Note]] …” of a list under “Broader”, “Narrower”, «Нижестоящие» or the like,
in either of the two notes. Then structure that somebody made on purpose; each rule is a vote of 1 or 2, and 2 suffice:

1. Folder note (2): the target is named like a folder that this note lies in (`Memory/Memory.md` or `Memory.md`
   beside `Memory/`) or is its `index` or `README`, so it speaks for the folder.
2. Title (2): all words of the target's title begin or end this one's, which has more («Индекс» and «Индекс B-дерево»).
   A single word shorter than four letters proves nothing («C» and «C sharp»). Words that only say that a note is an
   overview do not count («Regex введение» and «Java Regex»). Or this one's last word ends with a name of the
   target, written together (“FileInputStream” and “InputStream”).
3. Tag named like a title (2): this note is tagged with the target's title, and the target is not tagged with its own.
4. Map of content (2): the target links to this note and to at least eight others, and to at least three times as
   many as this note does.
5. Nested tags (1): a tag of the target is the beginning of a tag of this note (`#db` and `#db/index`).
6. Generality (1): the target is linked from at least eight notes and from four times as many as this one.

Each rule also votes the other way round, with this note as the broader one. Where they say nothing, what the titles
and texts show is weighed (`agents/relations/leaning.py`); in doubt it is direct.
"""

from collections.abc import Mapping

from agents.related.section import Relation
from agents.relations.leaning import kind_of, named_by_tag, nested_tags, odds, subject_of
from agents.relations.standing import Standing
from vault_sync.paths import folder_of
from vault_sync.text import fold, stem, words

_OPPOSITE: Mapping[Relation, Relation] = {"broader": "narrower", "narrower": "broader", "direct": "direct"}
_MANY_LINKS = 8
_LEAST_LEANING = 0.7
"""What must lean to one side at least, in log-odds: below, too many are told the wrong way round (decision 8)."""
_SHORT = 4
_ENDING = 2
_INDEX_NAMES = ("index", "_index", "readme")


def relation(note: Standing, target: Standing) -> Relation:
    """What `target` is to `note`."""
    return decided(note, target) or weighed(note, target)


def decided(note: Standing, target: Standing) -> Relation | None:
    """What the owner or the vault's structure says `target` is; None where they say nothing."""
    if said := _stated(note, target):
        return said
    votes = sum(rule(note, target) - rule(target, note) for rule in _RULES)
    if abs(votes) < 2:
        return None
    return "broader" if votes > 0 else "narrower"


def _stated(note: Standing, target: Standing) -> Relation | None:
    """What lists of the two notes say; that of the note itself counts first."""
    if target.path in note.links and (said := note.stated.get(fold(target.title))):
        return said
    turned = target.stated.get(fold(note.title)) if note.path in target.links else None
    return _OPPOSITE[turned] if turned else None


def weighed(note: Standing, target: Standing) -> Relation:
    """What titles, texts and tags say `target` is."""
    return told(*odds(note, target))


def told(leaning: float, level: float) -> Relation:
    """What the log-odds of `agents.relations.leaning.odds` come to; in doubt direct."""
    if abs(leaning) < _LEAST_LEANING or level >= abs(leaning):
        return "direct"
    return "broader" if leaning > 0 else "narrower"


def _folder_note(note: Standing, target: Standing) -> int:
    name = fold(target.title)
    home = folder_of(target.path)
    if home and name in (fold(home.rpartition("/")[2]), *_INDEX_NAMES):
        return 2 if _inside(note, home) else 0
    own_folder = f"{home}/{target.title}" if home else target.title
    return 2 if _inside(note, own_folder) else 0


def _inside(note: Standing, folder: str) -> bool:
    return fold(note.path).startswith(fold(folder) + "/")


def _title(note: Standing, target: Standing) -> int:
    if kind_of(note, target):
        return 2
    longer, shorter = words(note.title), words(subject_of(target.title))
    count = len(shorter)
    if not shorter or count >= len(longer) or (count == 1 and len(shorter[0]) < _SHORT):
        return 0
    return 2 if _same(shorter, longer[:count]) or _same(shorter, longer[-count:]) else 0


def _same(one: list[str], other: list[str]) -> bool:
    """Whether the words are the same but for their endings («program» and «programming» are not)."""
    return all(stem(a) == stem(b) and abs(len(a) - len(b)) <= _ENDING for a, b in zip(one, other, strict=True))


def _tag(note: Standing, target: Standing) -> int:
    return 2 * named_by_tag(note, target)


def _map_of_content(note: Standing, target: Standing) -> int:
    wide = len(target.links) >= max(_MANY_LINKS, 3 * len(note.links))
    return 2 if wide and note.path in target.links else 0


def _nested_tags(note: Standing, target: Standing) -> int:
    return int(nested_tags(note, target))


def _generality(note: Standing, target: Standing) -> int:
    return int(target.linked_from >= max(_MANY_LINKS, 4 * note.linked_from))


_RULES = (_folder_note, _title, _tag, _map_of_content, _nested_tags, _generality)
