"""Lines that are a command, a statement or code although no fence says so. Pure."""

import re

_MARKS = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d+[.)])[ \t]+|>)*[ \t]*")
_SQL_WORDS = """
SELECT INSERT UPDATE DELETE ALTER CREATE DROP TRUNCATE RENAME MERGE GRANT REVOKE FROM WHERE SET VALUES JOIN INNER LEFT
RIGHT FULL CROSS ON GROUP ORDER HAVING LIMIT OFFSET UNION INTO FOR WITH CASE WHEN THEN ELSE END BEGIN COMMIT ROLLBACK
DECLARE EXEC EXECUTE MODIFY ADD USING
"""
_SQL = frozenset(_SQL_WORDS.split())
_SQL_LINE = re.compile(r"(?P<first>[A-Z]{2,})\b(?P<rest>[^\n]*)")
_FEW = 3
_IDENTIFIER = re.compile(r"[A-Za-z0-9]_[A-Za-z0-9]|`|\*\s+FROM|\bNULL\b")
_ENDS = (";", ",", "(", ")", "{")
_SENTENCE = re.compile(r"\S[.!?…]\s*$|[.!?]\s+[A-ZА-ЯЁ]")
_PROMPT = re.compile(r"(?:>>>|PS>|[A-Z]:\\[^>\s]*>|\w+@[\w-]+:\S*[$#])\s+\S")
_DOLLAR = re.compile(r"\$\s+(?P<rest>\S.*)")
_PLAIN_COMMAND = re.compile(r"[a-z][a-z0-9_.-]*(?:\s+[a-z0-9_./-]+){0,3}\s*")
_TOOLS = """
sudo apt apt-get yum dnf brew pip pip3 npm npx yarn git docker kubectl curl wget ssh scp rsync chmod chown cd ls cp mv rm
mkdir cat grep sed awk tar unzip make cmake python python3 node cargo go systemctl service export source echo famulus
javac java mvn gradle psql mysql
"""
_TOOL = re.compile(rf"(?:{'|'.join(map(re.escape, _TOOLS.split()))})\s+(?P<rest>\S.*)")
_OF_A_COMMAND = re.compile(r"(?:^|\s)--?[A-Za-z][\w-]*|(?:^|\s)(?:\.{1,2}|~|/\w+)/\S|[|&]{1,2}\s|\s>\s|\$[A-Z{(]|://")
_PIECES = re.compile(r"\w\(\)|\w\([^)\s]*\);|=>|[=!]==?|:=|->|\{\s*$|^\s*[})\]]+[;,]?\s*$|\w\s=\s\S+;")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")


def code_like(line: str) -> bool:
    """Whether a line of a note, with its marks of lists and quotes, is no prose but a command, SQL or code."""
    bare = line[_marks(line) :].strip()
    if any(_PROMPT.match(each) or _dollar(each) for each in (bare, line.strip())):
        return True
    if _CYRILLIC.search(bare):
        return False
    return _sql(bare) or _command(bare) or (bare.endswith((";", "{", "}")) and _PIECES.search(bare) is not None)


def _dollar(bare: str) -> bool:
    """Whether a command follows the dollar: “$ ls”, and not a note that is called so: “$ class Vector”."""
    found = _DOLLAR.match(bare)
    if found is None:
        return False
    rest = found["rest"]
    plain = _PLAIN_COMMAND.fullmatch(rest) or _TOOL.match(rest) or rest.strip() in _TOOLS.split()
    return bool(plain) or _OF_A_COMMAND.search(rest) is not None


def _marks(line: str) -> int:
    found = _MARKS.match(line)
    return found.end() if found else 0


def _sql(bare: str) -> bool:
    found = _SQL_LINE.match(bare)
    if found is None or found["first"] not in _SQL or _SENTENCE.search(bare):
        return False
    rest = found["rest"].split()
    if not rest:
        return False  # the statement by its name, as an item of a list
    beside = bool(rest) and rest[0].strip("(),;*") in _SQL | {"TABLE", "INDEX", "VIEW", "COLUMN", "SEQUENCE", "PUBLIC"}
    return beside or len(rest) < _FEW or bare.endswith(_ENDS) or _IDENTIFIER.search(bare) is not None


def _command(bare: str) -> bool:
    found = _TOOL.match(bare)
    return found is not None and not _SENTENCE.search(bare) and _OF_A_COMMAND.search(found["rest"]) is not None
