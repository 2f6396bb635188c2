"""What part of everything a reader wants to see, as the address of the page says it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from ldirectord_py.api.page.states import STATES

LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A selection of servers, and the page of it; as a query string it can be kept and sent to somebody."""

    text: str = ""
    """Each of its words has to occur in a server's or its virtual's names, reason or detail."""
    states: frozenset[str] = frozenset()
    """Words of `STATES`; empty: all."""
    virtual: str = ""
    """The one virtual service to show, with all of its servers; empty: all of them."""
    server: str = ""
    """The one server to show with its history; empty: none."""
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Whether servers are left out because of what they are."""
        return bool(self.text or self.states)

    def query(self, **changes: Any) -> str:
        """Return the address of this view with *changes*: `?q=shop&state=down`, `/` for everything."""
        view = replace(self, page=1, **changes) if "page" not in changes else replace(self, **changes)
        pairs = [
            *([("q", view.text)] if view.text else []),
            *(("state", state) for state in STATES if state in view.states),
            *([("virtual", view.virtual)] if view.virtual else []),
            *([("server", view.server)] if view.server else []),
            *([("page", view.page)] if view.page > 1 else []),
        ]
        return f"/?{urlencode(pairs, safe=':@')}" if pairs else "/"

    def matches(self, virtual: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
        """Return whether the filter lets a server through."""
        if self.states and server["status"] not in self.states:
            return False
        if not self.text:
            return True
        return all(word in _searched(virtual, server) for word in self.text.casefold().split())


def parse(pairs: Iterable[tuple[str, str]]) -> PageView:
    """Return the view that a query string asks for; what it cannot mean is left out."""
    view = PageView()
    for name, value in pairs:
        match name:
            case "q":
                view = replace(view, text=value.strip()[:LONGEST_TEXT])
            case "state":
                view = replace(view, states=view.states | (set(value.split(",")) & STATES.keys()))
            case "virtual":
                view = replace(view, virtual=value)
            case "server":
                view = replace(view, server=value)
            case "page" if value.isascii() and value.isdigit():
                view = replace(view, page=min(max(1, int(value[:9])), 100_000))
            case _:
                pass
    return view


def _searched(virtual: Mapping[str, Any], server: Mapping[str, Any]) -> str:
    parts = (
        server["name"],
        server["configured"],
        virtual["label"],
        virtual["servicename"],
        virtual["comment"],
        server["reason"],
        server["detail"],
    )
    return " ".join(part for part in parts if part).casefold()
