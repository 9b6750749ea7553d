"""Whether a title is a proper name is read from the note's own text."""

import pytest

from agents.mention.capitals import Capitals, capitals


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("Safari", "On a Mac people use Safari, and Safari's tabs sync. In Safari nothing is lost.", "proper"),
        ("Snowflake", "Snowflake is a warehouse in the cloud.", "likely"),
        ("Mouse", "A mouse moves the pointer. The mouse has two buttons.", "common"),
        ("Mouse", "# Mouse\n\nButtons and a wheel.", "unknown"),
        (
            "Linux",
            "Linux is a kernel. On Linux, see /etc/linux and #linux, linux-firmware. Linux has drivers.",
            "likely",
        ),
        ("mkdir", "In mkdir nothing is new.", "unknown"),
        ("windows", "On Windows it fails. Old Windows is slow, and Windows is big.", "proper"),
        ("windows", "A window; many windows in one of them. In Windows it fails.", "unknown"),
        ("HTML", "In HTML a page is text.", "unknown"),
    ],
)
def test_the_own_text_says_how_a_title_is_written(title: str, text: str, found: Capitals) -> None:
    assert capitals(title, text) == found
