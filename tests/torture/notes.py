"""Notes made of the sentences of real ones, in two languages and in every shape that a note's bytes may have."""

import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.process import ROOT
from vault_sync.text import language_of

SAMPLE = ROOT / "docs" / "sample-vault"
_SENTENCE = re.compile(r"^(?![#>|\-*\s`\d\[%])[^\n]{40,}?[.!?](?=\s|$)", re.MULTILINE)
_MARKED = """

Quoted here, so not a section:

```
%% famulus:related %%
- [[Nothing]]
%% /famulus:related %%
```
"""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences by the note that they stand in, for one language each."""

    by_note: dict[str, tuple[str, ...]]

    def note(self, rng: Random, number: str) -> bytes:
        """A new note about what two others of one language say; `number` makes every one of them another."""
        first = rng.choice(sorted(self.by_note))
        second = rng.choice([name for name in sorted(self.by_note) if self._like(name, first)])
        told = [*rng.sample(self.by_note[first], 3), rng.choice(self.by_note[second])]
        text = f"# {number}\n\n" + "\n\n".join(dict.fromkeys(told)) + f"\n\n{self.line(rng, number, second)}"
        return _shaped(rng, text)

    def line(self, rng: Random, number: str, near: str = "") -> str:
        """One line that stands nowhere else, without a newline; it names the note that its sentence is from."""
        near = near or rng.choice(sorted(self.by_note))
        return f"{number} 🌱 é, {near}: {rng.choice(self.by_note[near])}"

    def _like(self, one: str, other: str) -> bool:
        return language_of(self.by_note[one][0]) == language_of(self.by_note[other][0])


def corpus() -> Corpus:
    """The sentences of the sample vault."""
    found = {}
    for file in sorted(SAMPLE.rglob("*.md")):
        text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        sentences = tuple(match[0].strip() for match in _SENTENCE.finditer(text))
        if len(sentences) >= 3 and "famulus" not in file.name.lower():
            found[file.stem] = sentences
    return Corpus(found)


def _shaped(rng: Random, text: str) -> bytes:
    """The text with a frontmatter or none, one of the line endings, and any number of newlines at the end."""
    head = rng.choice(["", "", "---\n# kept: yes\ntags: [a,   b]\nodd:   'x'\n---\n", "---\nbroken: [\n---\n"])
    body = head + text + (_MARKED if rng.random() < 0.05 else "") + "\n" * rng.choice([0, 1, 1, 2, 3])
    mark = b"\xef\xbb\xbf" if rng.random() < 0.1 else b""
    return mark + body.replace("\n", rng.choice(["\n", "\n", "\n", "\r\n"])).encode()


def write_base(root: Path, most: int) -> None:
    """Fill an empty vault with notes of the sample vault, and with one of each odd kind."""
    files = sorted(SAMPLE.rglob("*.md"), key=lambda file: (len(file.relative_to(SAMPLE).parts) == 1, file.as_posix()))
    for file in [*files[:most], *(f for f in files[most:] if f.parent.name == "Digests")]:
        target = root / file.relative_to(SAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (root / "Odd").mkdir()
    (root / "Odd" / "e\u0301 decomposed.md").write_bytes(b"# Combining\n\nA name in another form of Unicode.\n")
    (root / "Odd" / "Empty.md").write_bytes(b"")
    (root / "Odd" / "Not text.md").write_bytes(b"\xff\xfe not UTF-8 \x00\n")
    (root / "Odd" / "Damaged.md").write_bytes(b"A section that has no end.\n\n%% famulus:related %%\n- [[KV cache]]\n")
    (root / "picture.png").write_bytes(bytes(range(256)))
