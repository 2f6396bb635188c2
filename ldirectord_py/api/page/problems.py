"""Something that is wrong, or worth knowing, as the overview tells it."""

from dataclasses import dataclass

from ldirectord_py.api.page.rows import Outlook
from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.words import ShownMoment

_KINDS = {"virtual": "unserved", "vip": "VIP"}


@dataclass(frozen=True, slots=True)
class PageProblem:
    """Something that is wrong, or that somebody has taken out on purpose."""

    level: str
    """`bad`, `warning` or `note`."""
    kind: str
    """A word for it: a status, or `virtual`, `table`, `config`, `certificate`, `vip`, `standby`."""
    subject: str
    """What it is about, as it is named in the list."""
    virtual: str
    """The virtual service that a server is in; else empty."""
    text: str
    outlook: Outlook
    since: ShownMoment | None = None
    server: str = ""
    """Where to look: a server,"""
    states: frozenset[str] = frozenset()
    """... servers in these states of `where`,"""
    where: str = ""
    """... or a virtual service."""

    @property
    def word(self) -> str:
        """Return the word in front of it."""
        return STATES[self.kind].word if self.kind in STATES else _KINDS.get(self.kind, self.kind)
