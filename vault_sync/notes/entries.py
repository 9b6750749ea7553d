"""Where the entries of a note's frontmatter stand, to the code point, so that one can be changed and no other."""

from dataclasses import dataclass

import yaml

from vault_sync.errors import PropertiesError
from vault_sync.notes.frontmatter import LOADER, source_span
from vault_sync.notes.lines import Lines
from vault_sync.notes.note import Note, Span
from vault_sync.paths import VaultPath

ODD_BREAKS = "\x85\u2028\u2029"
"""Line ends for YAML 1.1, plain characters for YAML 1.2: two readers would see two different frontmatters."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Replace what stands at `span` by `after`."""

    span: Span
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value. `name` is the key in lower case, `key` as it is read."""

    name: str
    key: str
    key_span: Span
    value: yaml.Node


class Entries:
    """The entries of one frontmatter. All offsets are code points of the note's text."""

    def __init__(self, path: VaultPath, text: str, inner: Span) -> None:
        """`inner` is where the YAML stands in `text`. Raises PropertiesError for what is no list of entries."""
        self.path = path
        self.text = text
        self.end = inner.end
        self.lines = Lines(text[: inner.end])
        self._start = inner.start
        source = text[inner.start : inner.end]
        if source.startswith("\ufeff") or any(odd in source for odd in ODD_BREAKS):
            raise self.refusal(
                "YAML readers disagree about a character in it: U+0085, U+2028, U+2029, or U+FEFF at its start.",
                "Take that character out, or put an ordinary line break or a space in its place.",
            )
        root = self._root(source)
        self.all = tuple(self._entry(key, value) for key, value in root.value) if root else ()
        self.column = root.value[0][0].start_mark.column if root and root.value else 0

    def _root(self, source: str) -> yaml.MappingNode | None:
        try:
            root = yaml.compose(source, Loader=LOADER)
        except (yaml.YAMLError, RecursionError) as error:
            raise self.refusal(f"The frontmatter is not valid YAML: {' '.join(str(error).split())[:300]}") from error
        if root is None or (isinstance(root, yaml.MappingNode) and not root.flow_style):
            return root
        raise self.refusal("The frontmatter is not written as `key: value` lines.")

    def _entry(self, key: yaml.Node, value: yaml.Node) -> Entry:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        return Entry(name.strip().lower(), name, self.span(key), value)

    def find(self, *names: str) -> Entry | None:
        """The entry of the first of `names` that is there.

        Raises PropertiesError where it is there twice, or written in a way that leaves no safe place for a change.
        """
        for name in names:
            found = [entry for entry in self.all if entry.name == name]
            if len(found) > 1:
                raise self.refusal(f"`{name}` stands in the frontmatter {len(found)} times.", "Keep one of them.")
            if found:
                return self._checked(found[0])
        return None

    def _checked(self, entry: Entry) -> Entry:
        if not self.text[entry.key_span.end : self.end].lstrip(" \t").startswith(":"):
            raise self.refusal(f"`{entry.key}` is not written as `{entry.key}: …`.")
        return entry

    def span(self, node: yaml.Node) -> Span:
        """Where a node stands, its anchor and its YAML tag included."""
        return Span(self._start + node.start_mark.index, self._start + node.end_mark.index)

    def written(self, node: yaml.Node) -> str:
        """The text of a node as it stands in the note."""
        span = self.span(node)
        return self.text[span.start : span.end]

    def colon(self, entry: Entry) -> int:
        """The offset just after the colon of the entry."""
        return self.text.index(":", entry.key_span.end) + 1

    def line_after(self, offset: int) -> int:
        """The offset at which the line after that of `offset` starts."""
        return self.lines.start(self.lines.number(offset) + 1)

    def newline(self, offset: int) -> str:
        """The line end of the line that holds `offset`."""
        return self.text[self.lines.end(self.lines.number(offset)) : self.line_after(offset)]

    def before(self, offset: int) -> str:
        """What stands on the line of `offset` in front of it."""
        return self.text[self.lines.start(self.lines.number(offset)) : offset]

    def refusal(self, cause: str, fix: str = "Change it by hand, or write it in a simpler way.") -> PropertiesError:
        """The error that says why this frontmatter is left alone."""
        return refusal(self.path, cause, fix)


def entries_of(note: Note) -> Entries | None:
    """The entries of a note, None where it has no frontmatter.

    Raises PropertiesError for frontmatter that is broken, too large or no list of entries.
    """
    if note.frontmatter_error:
        raise refusal(note.path, note.frontmatter_error, "Mend the frontmatter first.")
    inner = source_span(note.text)
    return Entries(note.path, note.text, inner) if inner else None


def refusal(path: VaultPath, cause: str, fix: str) -> PropertiesError:
    """The error that says why the properties of the note at `path` are left alone."""
    return PropertiesError(f"The properties of {path!r} were not changed.", cause, fix)
