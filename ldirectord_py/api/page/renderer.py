"""The templates, and what fills them: HTML in pieces, between which others have their turn."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ldirectord_py.api.page.source import HOLD
from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.view import PageView


def environment() -> Environment:
    """Return the templates' environment: everything is escaped, and a name that is not known is an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    everything = PageView()
    made.filters["address"] = partial(quote, safe=":@")
    made.filters["capitalized"] = lambda text: text[:1].upper() + text[1:]
    made.globals.update(
        everything=everything,
        frozenset=frozenset,
        name="ldirectord",
        states=STATES,
        troubled=frozenset(STATES) - {"up"},
    )
    return made


class Renderer:
    """Writes pages by the templates, all of which are compiled when it is made: that takes a tenth of a second."""

    def __init__(self) -> None:
        self._templates = environment()
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    def pieces(self, template: str, now: float, **values: Any) -> Iterator[bytes]:
        """Yield the page in pieces, each of which takes little more than `HOLD`; *values* are the template's."""
        text: list[str] = []
        began = time.perf_counter()
        for piece in self._templates.get_template(template).generate(now=now, **values):
            text.append(piece)
            if time.perf_counter() - began >= HOLD:
                yield "".join(text).encode("utf-8", "backslashreplace")
                text.clear()
                began = time.perf_counter()
        yield "".join(text).encode("utf-8", "backslashreplace")
