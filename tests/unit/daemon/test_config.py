from daemon.config import LinkingSection


def test_the_deepest_folder_decides() -> None:
    section = LinkingSection.model_validate(
        {"mode": "auto", "folders": [{"folder": "A", "mode": "off"}, {"folder": "A/B", "mode": "review"}]}
    )
    modes = [section.mode_for(path) for path in ("x.md", "A/x.md", "A/B/x.md", "AB/x.md")]
    assert modes == ["auto", "off", "review", "auto"]
