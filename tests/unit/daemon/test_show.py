from daemon.show import suggestions

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
