from hypothesis import given
from hypothesis import strategies as st

from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, vault_path

_PART = st.text(st.sampled_from("abAB яЯ.-#%🎉"), min_size=1, max_size=5).filter(
    lambda part: part.strip() == part and part.strip(".") != ""
)
_PATHS = st.lists(
    st.lists(_PART, min_size=1, max_size=4).map(lambda parts: vault_path("/".join(parts) + ".md")),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(_PATHS, st.data())
def test_an_exact_path_is_that_path_from_anywhere(paths: list[VaultPath], data: st.DataObject) -> None:
    resolver = Resolver(paths)
    source = data.draw(st.sampled_from(paths))
    for path in paths:
        assert resolver.resolve(path, source) == path
        assert resolver.resolve("/" + path, source) == path


@given(_PATHS, st.text(max_size=12), st.data())
def test_it_answers_with_a_path_it_was_given_or_nothing(
    paths: list[VaultPath], target: str, data: st.DataObject
) -> None:
    source = data.draw(st.sampled_from(paths))
    found = Resolver(paths).resolve(target, source)
    assert found is None or found in paths


@given(_PATHS, st.data())
def test_the_order_of_the_paths_does_not_matter(paths: list[VaultPath], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(paths))
    source, path = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(paths))
    name = path.rpartition("/")[2].removesuffix(".md")
    assert Resolver(paths).resolve(name, source) == Resolver(shuffled).resolve(name, source)
    assert Resolver(paths).resolve(name, source) is not None
