"""What the log says of mails: the original's words first, because people's log watchers wait for them."""

from typing import assert_never

from ldirectord_py.model.mails import MailDelayed, MailDone, MailEvent, MailQueued, MailsLost
from ldirectord_py.observers.logging.line import Field, Level, LogLine


def mail_lines(event: MailEvent) -> list[LogLine]:
    """Return what is to be logged of *event*, in order."""
    match event:
        case MailQueued(message):
            return [LogLine(Level.INFO, "mail_queued", f"emailalert: {message}", {"subject": message})]
        case MailDone():
            return _mail_done(event)
        case MailDelayed(server, sentence):
            text = f"{_mail_server(server)} takes no mail, and is tried again: {sentence}"
            return [LogLine(Level.WARNING, "mail_delayed", text, {"server": server, "sentence": sentence})]
        case MailsLost(count, reminders):
            text = f"{count} mails were given up for newer ones, {reminders} of them reminders: mail takes too long"
            return [LogLine(Level.ERROR, "mails_lost", text, {"mails": count, "reminders": reminders})]
        case _:
            assert_never(event)


def _mail_done(event: MailDone) -> list[LogLine]:
    fields: dict[str, Field] = {"subject": event.message, "recipients": event.recipients, "server": event.server}
    to = ", ".join(event.recipients)
    if not event.failure:
        where = f" by {event.server}" if event.server else ""
        return [LogLine(Level.DEBUG, "mail_sent", f"Mail to {to} was taken{where}: {event.message}", fields)]
    what = "SMTP email message" if event.server else "email message"
    text = f"failed to send {what} to {to}: {event.failure}: {event.message}"
    return [LogLine(Level.ERROR, "mail_failed", text, {**fields, "failure": event.failure}, original=True)]


def _mail_server(server: str | None) -> str:
    return f"Mail server {server}" if server else "This machine's mail system"
