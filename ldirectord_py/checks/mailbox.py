"""What the checks of mailboxes have in common: a greeting, a login where there is one, and a pattern."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.command_arguments import argument
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox(ABC):
    """Expects a greeting and, where there is a login, to be let in."""

    login: bytes = field(default=b"", repr=False)
    """Empty: the greeting will do."""
    passwd: bytes = field(default=b"", repr=False)
    receive: Receive | None = None
    """What one of the lines that the server says has to match."""

    @abstractmethod
    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""


def build(kind: type[Mailbox], protocol: str, configured: ConfiguredCheck, *, lines: bool = False) -> BuiltCheck:
    """Return the check of a mailbox's service; with *lines* login and password may have several."""
    options = configured.options
    login = argument(options.login, "login", protocol, lines=lines)
    passwd = argument(options.passwd, "passwd", protocol, lines=lines) if login else b""
    check = kind(login=login, passwd=passwd, receive=Receive.of(configured.receive))
    asked = f"{configured.service} {'login at' if login else 'greeting of'} {configured.endpoint}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked)
