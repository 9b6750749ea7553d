"""The main job on the sample vault, with real models: chat, links on save, review, digests, all over HTTP."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.effort import LONG, eventually
from tests.process import ENDLESS, ROOT, Daemon

pytestmark = pytest.mark.slow
QUESTIONS = json.loads((ROOT / "tests/cases/sample_questions.json").read_text(encoding="utf-8"))


def ask(sample: Daemon, question: str, **fields: Any) -> dict[str, Any]:
    body = {"model": "famulus", "messages": [{"role": "user", "content": question}], **fields}
    with sample.client() as client:
        response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def is_supported(sample: Daemon, citation: dict[str, Any]) -> bool:
    """The quote stands word for word in the lines that the citation names."""
    lines = (sample.vault / citation["path"]).read_text(encoding="utf-8").split("\n")
    there = "\n".join(lines[citation["start_line"] - 1 : citation["end_line"]])
    return citation["quote"] in there


@pytest.mark.parametrize(
    "case", [q for q in QUESTIONS if q["answerable"] and "missed" not in q], ids=lambda q: q["question"][:40]
)
def test_answers_cite_the_note_that_holds_the_fact(sample: Daemon, case: dict[str, Any]) -> None:
    answer = ask(sample, case["question"])
    message = answer["choices"][0]["message"]
    citations = message["citations"]
    assert citations and all(is_supported(sample, each) for each in citations)
    assert all(each["mark"] in message["content"] for each in citations)
    assert case["path"] in {each["path"] for each in citations}, message["content"]
    quotes = " ".join(each["quote"] for each in citations if each["path"] == case["path"])
    assert all(fact in quotes for fact in case["must_contain"]), quotes


@pytest.mark.parametrize("case", [q for q in QUESTIONS if not q["answerable"]], ids=lambda q: q["question"][:40])
def test_what_the_notes_do_not_hold_is_told_and_not_cited(sample: Daemon, case: dict[str, Any]) -> None:
    answer = ask(sample, case["question"])
    message = answer["choices"][0]["message"]
    assert message["citations"] == [] and answer["famulus"]["mode"] == "none", message
    assert ("notes" if case["language"] == "en" else "заметк") in message["content"]


def test_a_russian_answer_is_quoted_and_says_so(sample: Daemon) -> None:
    answer = ask(sample, "Сколько граммов зерна я беру на кружку кофе?")
    assert answer["famulus"]["mode"] == "quoted" and "дословно" in answer["choices"][0]["message"]["content"]


def test_a_request_for_code_goes_to_the_coder(sample: Daemon) -> None:
    answer = ask(sample, "Write a Python function that reverses a list.", max_tokens=40)
    assert answer["famulus"]["role"] == "coder"
    assert answer["choices"][0]["message"]["citations"] == []


def test_the_openai_client_works_unchanged(sample: Daemon) -> None:
    token = (sample.data_dir / "token").read_text().strip()
    with openai.OpenAI(base_url=f"{sample.url}/v1", api_key=token, max_retries=0) as client:
        assert {"famulus", "planner", "coder"} <= {model.id for model in client.models.list()}
        question = "How many grams of starter go into the sourdough bread?"
        stream = client.chat.completions.create(
            model="famulus",
            messages=[{"role": "user", "content": question}],
            stream=True,
            max_tokens=30,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        last = next(c for c in chunks if c.choices and c.choices[0].finish_reason)
        citations = (last.choices[0].delta.model_extra or {})["citations"]
        assert text and citations and citations[0]["path"] == "Home/Sourdough bread.md"
        assert chunks[-1].usage is not None
        plain = client.chat.completions.create(
            model="planner", messages=[{"role": "user", "content": "Say hello."}], max_tokens=8, seed=1
        )
        assert plain.choices[0].message.content and plain.usage is not None and plain.usage.completion_tokens <= 8
        vectors = client.embeddings.create(model="embedder", input=["hello", "привет"])
        assert [len(each.embedding) for each in vectors.data] == [384, 384]
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="gone", messages=[{"role": "user", "content": "x"}])
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="planner", messages=[{"role": "user", "content": "word " * 9000}])
        assert caught.value.code == "context_length_exceeded"
        with pytest.raises(openai.NotFoundError, match=r"'embedder' can not do this.*famulus, planner"):
            client.chat.completions.create(model="embedder", messages=[{"role": "user", "content": "x"}])
        with pytest.raises(openai.NotFoundError, match=r"'planner' can not do this.*embedder"):
            client.embeddings.create(model="planner", input="x")
        with pytest.raises(openai.BadRequestError, match="384"):
            client.embeddings.create(model="embedder", input="x", dimensions=64)
        with pytest.raises(openai.UnprocessableEntityError, match="check_embedding_ctx_length"):
            client.embeddings.create(model="embedder", input=[1, 2])
        with pytest.raises(openai.NotFoundError, match="no model 'owner/name'"):
            client.models.retrieve("owner/name")
        with pytest.raises(openai.AuthenticationError, match="The token is wrong"):
            client.with_options(api_key="wrong").models.list()


def test_a_note_that_is_asked_about_is_found_by_its_title_and_missed_when_it_is_not_there(sample: Daemon) -> None:
    body = {"model": "famulus", "messages": [{"role": "user", "content": "Сколько граммов зерна?"}]}
    with sample.client() as client:
        asked = client.post("/v1/chat/completions", json={**body, "famulus": {"path": "Кофе"}}).json()
        assert {each["path"] for each in asked["choices"][0]["message"]["citations"]} == {"Home/Кофе.md"}
        for stream in (False, True):
            missed = client.post("/v1/chat/completions", json={**body, "stream": stream, "famulus": {"path": "Чай.md"}})
            assert (missed.status_code, missed.json()["error"]["code"]) == (404, "note_not_found")


def test_a_client_that_hangs_up_stops_the_engine(sample: Daemon) -> None:
    body = {"model": "planner", "stream": True, "max_tokens": 3000, "grammar": ENDLESS}
    body["messages"] = [{"role": "user", "content": "Write a very long story about the sea."}]
    with sample.client() as client:

        def load() -> Any:
            return client.get("/api/health").json()["engines"][0]["load"]

        before = load()["requests"]
        with client.stream("POST", "/v1/chat/completions", json=body) as response:
            next(response.iter_lines())
        eventually(lambda: load()["requests"]["gone"] > before["gone"], load)
        told = load()
        assert told["requests"] == {**before, "gone": before["gone"] + 1}, "it was not answered to its end"
        assert told["running"] == 0
        body = {**body, "stream": False, "max_tokens": 4}
        again = client.post("/v1/chat/completions", json=body)
        assert again.status_code == 200 and again.json()["usage"]["completion_tokens"] <= 4


def test_search_and_related(sample: Daemon) -> None:
    with sample.client() as client:
        found = client.get("/api/search", params={"q": "закваска", "k": 3}).json()["results"]
        assert found[0]["path"] == "Home/Закваска.md" and found[0]["lanes"]["lexical"] == 1
        assert found[0]["snippet"] in (sample.vault / found[0]["path"]).read_text(encoding="utf-8")
        tagged = client.get("/api/search", params={"q": "memory", "tag": "ai", "k": 20}).json()["results"]
        assert tagged and all(each["path"].startswith("AI/") for each in tagged)
        near = client.get("/api/related", params={"path": "Knowledge/Spaced repetition.md"}).json()["results"]
        assert "Knowledge/Интервальные повторения.md" in [each["path"] for each in near]


def write(file: Path, text: str) -> bytes:
    data = file.read_bytes() + text.encode()
    file.write_bytes(data)
    return data


def test_a_saved_note_gets_its_section_and_nothing_else_changes(sample: Daemon) -> None:
    file = sample.vault / "AI/KV cache.md"
    events = sample.events()
    mine = write(file, "\nA new line at the end.\n")
    events.wait("note.written", lambda data: data["path"] == "AI/KV cache.md")
    whole = file.read_bytes()
    text = whole.decode()
    start = text.index("%% famulus:related %%")
    end = text.index("%% /famulus:related %%") + len("%% /famulus:related %%")
    without = text[:start].rstrip("\n") + "\n" + text[end:].lstrip("\n")
    assert without.encode() == mine, "outside the section every byte is the user's"
    assert "## Related ideas" in text and "[^famulus-1]: [[" in text
    with sample.client() as client:
        (entry,) = [e for e in client.get("/api/journal").json()["entries"] if e["path"] == "AI/KV cache.md"]
        assert entry["state"] == "done" and entry["feature"] == "link"
    file.write_bytes(whole)
    events.wait("autolink.looked", lambda data: data["path"] == "AI/KV cache.md" and not data["written"])
    assert file.read_bytes() == whole, "saved again without change: nothing is written"


def test_review_accept_and_reject(sample: Daemon) -> None:
    file = sample.vault / "Knowledge/Spaced repetition.md"
    before = file.read_bytes()
    with sample.client() as client:
        dry = client.post("/api/suggestions?dry_run=true", json={"path": "Knowledge/Spaced repetition.md"}).json()
        assert dry["suggestions"] and client.get("/api/suggestions").json()["suggestions"] == []
        made = client.post("/api/suggestions", json={"path": "Knowledge/Spaced repetition.md"}).json()["suggestions"]
        assert file.read_bytes() == before, "review writes nothing by itself"
        first, second = made[0], made[1]
        target = (sample.vault / first["target"]).read_text(encoding="utf-8")
        assert first["evidence"] in target, "the evidence stands in the target"
        assert client.post(f"/api/suggestions/{second['id']}/reject").json()["suggestion"]["state"] == "rejected"
        assert client.post(f"/api/suggestions/{first['id']}/accept").json()["suggestion"]["state"] == "applied"
        written = file.read_text(encoding="utf-8")
        # A reason may name a note that ties the two together, also a refused one: what counts is what is listed.
        assert f"- [[{Path(first['target']).stem}" in written and f"- [[{Path(second['target']).stem}" not in written
        assert client.post(f"/api/suggestions/{first['id']}/accept").status_code == 409
        again = client.post("/api/suggestions?dry_run=true", json={"path": "Knowledge/Spaced repetition.md"}).json()
        assert second["target"] not in [each["target"] for each in again["suggestions"]]


def test_a_suggestion_for_a_note_that_was_changed_is_stale(sample: Daemon) -> None:
    file = sample.vault / "Home/Кофе.md"
    with sample.client() as client:
        made = client.post("/api/suggestions", json={"path": "Home/Кофе.md"}).json()["suggestions"]
        data = write(file, "\nДописано.\n")
        refused = client.post(f"/api/suggestions/{made[0]['id']}/accept")
        assert refused.status_code == 409 and refused.json()["error"]["code"] == "stale"
        assert file.read_bytes() == data


def test_a_digest_tells_what_changed_with_its_sources(sample: Daemon) -> None:
    events = sample.events()
    write(sample.vault / "Home/Томаты.md", "\nСорт «Чёрный принц» взошёл за шесть дней.\n")
    events.wait("note.indexed", lambda data: data["path"] == "Home/Томаты.md")
    done = sample.command("digest", "run", "Weekly digest", "--json")
    assert done.returncode == 0, done.stderr
    path = json.loads(done.stdout)["path"]
    assert path.startswith("Digests/Weekly digest 20")
    text = (sample.vault / path).read_text(encoding="utf-8")
    assert "[[Томаты" in text and text.startswith("---\n") and "famulus: digest" in text


def test_a_missed_digest_is_made_up_once(tmp_path: Path, start: Any, vault: Path) -> None:
    far_off = (time.gmtime().tm_min + 30) % 60  # once an hour, and not while this test runs
    (vault / "Daily.md").write_text(f'---\nfamulus-digest: "{far_off} * * * *"\n---\nSay what is new.\n')
    first = start().ready()
    with first.client() as client:
        assert [d["path"] for d in client.get("/api/digests").json()["digests"]] == ["Daily.md"]
    first.end()
    state = next(first.data_dir.glob("vaults/*/state.db"))
    _backdate(state)
    (vault / "Bicycle.md").write_text("# Bicycle\n\nThe chain broke today.\n")
    second = start()
    second.ready()
    events = second.events()
    written = sorted(vault.rglob("Daily 20*.md"))
    if not written:
        events.wait("digest.done", lambda data: data["path"] is not None)
        written = sorted(vault.rglob("Daily 20*.md"))
    assert [file.parent.name for file in written] == ["Famulus"] and "Bicycle" in written[0].read_text()


def _backdate(state: Path) -> None:
    connection = sqlite3.connect(state)
    with connection:
        connection.execute("UPDATE digests SET seen_at = seen_at - 7200, last_run = NULL")
    connection.close()


def test_ask_in_the_terminal(sample: Daemon) -> None:
    done = sample.command("ask", "Какой датчик давления я выбрал и почему?")
    assert done.returncode == 0 and "BMP390" in done.stdout and "Датчик давления.md" in done.stdout


def test_metrics_and_the_api_page(sample: Daemon) -> None:
    with sample.client() as client:
        text = client.get("/metrics").text
        assert 'famulus_notes{state="indexed"}' in text and "famulus_requests_total" in text
        assert "Закваска" not in text, "paths name notes and are no labels"
        paths = client.get("/openapi.json").json()["paths"]
        assert {"/v1/chat/completions", "/api/search", "/api/suggestions/{suggestion}/accept"} <= set(paths)
    assert httpx.get(f"{sample.url}/docs", timeout=LONG).status_code == 200
