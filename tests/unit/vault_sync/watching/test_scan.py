import unicodedata

from vault_sync.index.records import FileStamp
from vault_sync.paths import VaultPath
from vault_sync.watching.scan import difference, looks_unmounted


def stamp(mtime: int, size: int = 1, disk: str = "a.md") -> FileStamp:
    return FileStamp(disk, size, mtime)


def test_only_what_differs_newest_first() -> None:
    disk = {VaultPath("same"): stamp(1), VaultPath("old"): stamp(5), VaultPath("new"): stamp(9)}
    known = {VaultPath("same"): stamp(1), VaultPath("old"): stamp(4), VaultPath("gone"): stamp(1)}
    found = difference(disk, known)
    assert (found.changed, found.gone, len(found)) == (("new", "old"), ("gone",), 3)


def test_another_spelling_on_the_disk_is_a_change() -> None:
    path, decomposed = VaultPath("\u0451.md"), unicodedata.normalize("NFD", "\u0451.md")
    assert difference({path: stamp(1, disk=decomposed)}, {path: stamp(1, disk=path)}).changed == (path,)


def test_an_empty_folder_in_the_place_of_another_looks_unmounted() -> None:
    assert looks_unmounted({}, 3, "2:2", "1:1")
    assert not looks_unmounted({}, 3, "1:1", "1:1"), "the user emptied it"
    assert not looks_unmounted({}, 0, "2:2", "1:1")
    assert not looks_unmounted({VaultPath("a"): stamp(1)}, 3, "2:2", "1:1")
    assert not looks_unmounted({}, 3, "2:2", None)
