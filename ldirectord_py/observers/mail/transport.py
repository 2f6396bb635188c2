"""What every way out for mails offers, and how it says that it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ldirectord_py.observers.mail.message import Alert


class ServerFailed(Exception):
    """Nothing can be sent this way at the moment; says why."""


@dataclass(frozen=True, slots=True)
class MailRefused:
    """Why a recipient gets no mail."""

    sentence: str
    temporary: bool


class MailTransport(Protocol):
    """A way by which mails leave, one after the other."""

    async def send(self, alert: Alert, recipients: Sequence[str]) -> Mapping[str, MailRefused]:
        """Send a mail; return who was refused, and why.  Raises `ServerFailed`."""
        ...

    async def leave(self) -> None:
        """Say goodbye, in a second at most."""
        ...

    def drop(self) -> None:
        """Let go of it at once."""
        ...
