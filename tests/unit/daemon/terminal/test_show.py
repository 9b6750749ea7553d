from daemon.models.fetching import ModelStatus
from daemon.terminal.show import models, suggestions, verified

LINK = {
    "id": "1",
    "kind": "link",
    "path": "a.md",
    "target": "b.md",
    "relation": "broader",
    "score": 0.5,
    "reason": "“Why.”",
    "state": "pending",
    "detail": {"link": "[[b]]"},
}
PROPERTIES = LINK | {
    "kind": "properties",
    "target": None,
    "relation": None,
    "score": None,
    "reason": "",
    "detail": {"tags": "tea [x]", "description": "What it is", "described": "Old"},
}


def test_a_link_shows_its_target_relation_score_and_reason() -> None:
    shown = suggestions([LINK], kept=True)
    assert "b.md" in shown and "broader, 0.50" in shown and "“Why.”" in shown and "for a.md · pending · 1" in shown


def test_properties_show_what_is_wanted() -> None:
    shown = suggestions([PROPERTIES], kept=True)
    assert "a.md" in shown and "properties[/dim]" in shown and "Old" not in shown
    assert "\n   tags: tea \\[x]\n   description: What it is\n" in shown
    assert suggestions([PROPERTIES | {"reason": "So."}], kept=False).endswith("\n   So.")


def test_many_findings_of_one_kind_are_summed_up() -> None:
    found = [
        {"kind": "lacking", "subject": f"{n}.md", "message": "Missing.", "repair": "Made anew.", "repaired": True}
        for n in range(8)
    ]
    counts = {"notes": 8, "passages": 8, "words": 8, "stored": 0}
    text = verified({"checked": counts, "found": found, "repaired": 8, "agree": True})
    assert "4.md" in text and "5.md" not in text and "3 more" in text and "8 mended" in text


def test_a_model_at_a_server_is_not_called_here() -> None:
    rows = [
        ModelStatus("far", "openai", "big", "http://h/v1", "", ""),
        ModelStatus("a", "llama_cpp", "b", "/b", "", ""),
    ]
    assert models(rows).splitlines() == [
        "[green]served [/green] far: big, http://h/v1",
        "[green]here   [/green] a: b, /b",
    ]
