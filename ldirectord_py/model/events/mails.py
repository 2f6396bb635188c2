"""What happened to mails about a virtual's changes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailQueued:
    """A mail is to be sent."""

    message: str
    """What it is about, as the log has it."""


@dataclass(frozen=True, slots=True)
class MailDone:
    """A mail has been taken for *recipients*, or never will be."""

    message: str
    recipients: tuple[str, ...]
    server: str | None
    """The mail server that the configuration names; None: this machine's own."""
    failure: str
    """What went wrong; empty where nothing did."""


@dataclass(frozen=True, slots=True)
class MailDelayed:
    """A mail server takes nothing at the moment, and will be asked again; told once until it does."""

    server: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class MailsLost:
    """There were more mails than may wait; these were given up for newer ones."""

    count: int
    reminders: int
    """How many of them only repeated what had been said."""


MailEvent = MailQueued | MailDone | MailDelayed | MailsLost
