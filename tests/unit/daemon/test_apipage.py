import re
from typing import Any, cast

from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel

from daemon.apipage import kind, page
from daemon.routes import apipage


class Inner(BaseModel):
    mark: str


class Body(BaseModel):
    name: str
    many: list[int] = []
    inner: Inner | None = None


def app() -> FastAPI:
    made = FastAPI(title="T <b>", version="1", description="Send `token`.\n\nTwice.", docs_url=None)

    @made.post("/a/{path}", tags=["first"])
    def one(path: str, body: Body, k: int = Query(5)) -> None:
        """Does `x` & <y>."""

    made.include_router(apipage.router())
    return made


def test_the_page_names_routes_parameters_and_fields() -> None:
    shown = page(app().openapi())
    for part in ("<code>/a/{path}</code>", "POST", "<code>k</code>", "default <code>5</code>", "<code>many</code>"):
        assert part in shown
    for part in ("list of whole number", "{mark}, or null", "Does <code>x</code> &amp; &lt;y&gt;.", "T &lt;b&gt; 1"):
        assert part in shown


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_run() -> None:
    answer = TestClient(app()).get("/docs")
    assert answer.status_code == 200
    assert not re.search(r"https?://|//\w|<script|<img|<link|@import|url\(", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_bare_address_leads_to_the_page() -> None:
    answer = TestClient(app()).get("/", follow_redirects=False)
    assert answer.headers["location"] == "/docs"


def test_a_type_that_says_nothing_is_anything() -> None:
    assert kind({}, cast("dict[str, Any]", {})) == "anything"
