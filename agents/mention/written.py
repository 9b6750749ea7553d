"""How a mention is written as a link: the note's name, and what the text said where that is not the same."""

from agents.linkform import heading_part
from agents.wikilink import link_to


def mention_form(linkpath: str, shown: str, heading: str = "", *, in_table: bool = False) -> str:
    """The link to the note that `linkpath` names, which shows `shown` as the text did.

    `[[Title]]` where that shows the same, else `[[Title|shown]]`; a Markdown link where the name holds what a wikilink
    can not. The bar is escaped in a table, where it would end the cell.
    """
    part = heading_part(heading)
    plain = link_to(linkpath)
    if not plain.startswith("[["):
        destination = link_to(linkpath, heading).partition("](")[2]
        return f"[{shown}]({destination}"
    if not part and linkpath == shown:
        return plain
    target = f"{linkpath}#{part}" if part else linkpath
    bar = "\\|" if in_table else "|"
    return f"[[{target}{bar}{shown}]]"
