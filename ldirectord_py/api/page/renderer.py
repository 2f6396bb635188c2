"""The templates, and what fills them: HTML in pieces, between which others have their turn."""

import time
from asyncio import sleep
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.view import View

HOLD = 0.001
"""Seconds for which the loop is held at a time, but for what cannot be divided: one row, one virtual service."""
_PIECE = 16 * 1024


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
    everything = View()
    made.filters["address"] = partial(quote, safe=":@")
    made.globals.update(
        everything=everything,
        frozenset=frozenset,
        name="ldirectord",
        states=STATES,
        troubled=frozenset(STATES) - {"up"},
    )
    return made


class Turns:
    """Lets others have their turn whenever we have worked for `HOLD` seconds."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def __call__(self) -> None:
        """Return at once, or after a turn of the loop."""
        if time.perf_counter() - self._began >= HOLD:
            await sleep(0)
            self._began = time.perf_counter()


class Renderer:
    """Writes pages by the templates."""

    def __init__(self) -> None:
        self._templates = environment()

    async def pieces(self, template: str, now: float, turns: Turns, **values: Any) -> AsyncIterator[bytes]:
        """Yield the page in pieces of some 16 KiB; *values* are the template's."""
        text: list[str] = []
        size = 0
        for piece in self._templates.get_template(template).generate(now=now, **values):
            text.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield "".join(text).encode("utf-8", "backslashreplace")
                text.clear()
                size = 0
            await turns()
        yield "".join(text).encode("utf-8", "backslashreplace")
