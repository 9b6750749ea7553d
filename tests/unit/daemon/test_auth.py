import pytest

from daemon.auth import Gate

GATE = Gate("s3cret", hosts=("vault.home",), origins=("https://n8n.home",))


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "10.0.0.2:8000", "vault.home:80"]
)
def test_hosts_that_are_this_machine(host: str) -> None:
    assert GATE.host_allowed(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_names_that_an_attacker_may_own(host: str) -> None:
    assert not GATE.host_allowed(host)


@pytest.mark.parametrize(
    "origin", ["app://obsidian.md", "capacitor://localhost", "http://localhost", "https://n8n.home"]
)
def test_origins_that_may_call(origin: str) -> None:
    assert GATE.origin_allowed(origin, "127.0.0.1:8000")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:9000"])
def test_origins_that_may_not(origin: str) -> None:
    assert not GATE.origin_allowed(origin, "127.0.0.1:8000")


def test_the_page_that_the_daemon_served_may_call_it() -> None:
    assert GATE.origin_allowed("http://127.0.0.1:8000", "127.0.0.1:8000")


@pytest.mark.parametrize(
    "header", ["", "s3cret", "Bearer", "Bearer wrong", "Basic s3cret", "Bearer s3cret2", "Bearer ключ"]
)
def test_wrong_tokens(header: str) -> None:
    assert not GATE.token_matches(header)


def test_the_right_token() -> None:
    assert GATE.token_matches("Bearer s3cret") and GATE.token_matches("bearer  s3cret ")
