"""How the pages become a site: `make docs`.  The pages stay plain Markdown, which reads as well without a site.

What stands in which order on the left is read from the headings and lists of `docs/README.md`.
A page that is in no list, a link that leads nowhere, or anything else that Sphinx warns of ends the build.
"""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from ldirectord_py import __version__  # noqa: E402  # see the path above

project = "ldirectord_py"
version = release = __version__
copyright = "the authors of ldirectord_py, Apache License 2.0"  # noqa: A001  # the name that Sphinx reads
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "docs/checks/*.md", "docs/ha/*.md"]
myst_heading_anchors = 4
highlight_language = "none"
html_theme = "furo"
html_title = f"ldirectord_py {__version__}"
html_static_path = ["style"]
html_css_files = ["site.css"]
html_extra_path = ["start"]
html_use_index = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

_HEADING = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\.md\)")
_FRONT = ("The project", [("First page", "../README"), ("Changelog", "../CHANGELOG")])


def setup(app: Sphinx) -> None:
    """Have the lists of the first page and of the checks' page be the site's order."""
    app.connect("source-read", add_order)


def add_order(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add to the text of *page*, the only item of *source*, what says which pages belong to it."""
    if page == root_doc:
        source[0] += "".join(hidden_list(*section) for section in (_FRONT, *sections(source[0])))
    elif page == "docs/checks/README":
        names = sorted(path.stem for path in ROOT.glob("docs/checks/*.md") if path.stem != "README")
        source[0] += hidden_list("", [("", name) for name in names])


def sections(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the headings of *text*, each with the titles and names of the pages in its list."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            found.append((heading[1], []))
        elif (entry := _ENTRY.match(line)) and found:
            found[-1][1].append((entry[1], entry[2]))
    return found


def hidden_list(caption: str, pages: list[tuple[str, str]]) -> str:
    """Return the directive that orders *pages*, without being shown; names are relative, as links are."""
    lines = [f"{title} <{name}>" if title else name for title, name in pages]
    return "\n".join(["", "", "```{toctree}", ":hidden:", f":caption: {caption}" if caption else "", *lines, "```", ""])
