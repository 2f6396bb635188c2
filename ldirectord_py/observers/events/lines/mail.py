"""What the log says of mails: the original's words first, because people's log watchers wait for them."""

from ldirectord_py.model.events import MailDelayed, MailDone
from ldirectord_py.observers.events.log_line import Field, Level, LogLine


def mail_done(event: MailDone) -> list[LogLine]:
    """Return the line for a mail that was taken, or never will be."""
    fields: dict[str, Field] = {"subject": event.message, "recipients": event.recipients, "server": event.server}
    to = ", ".join(event.recipients)
    if not event.failure:
        where = f" by {event.server}" if event.server else ""
        return [LogLine(Level.DEBUG, "mail_sent", f"Mail to {to} was taken{where}: {event.message}", fields)]
    what = "SMTP email message" if event.server else "email message"
    text = f"failed to send {what} to {to}: {event.failure}: {event.message}"
    return [LogLine(Level.ERROR, "mail_failed", text, {**fields, "failure": event.failure}, original=True)]


def mail_delayed(event: MailDelayed) -> list[LogLine]:
    """Return the line for a mail server that takes nothing at the moment."""
    whose = f"Mail server {event.server}" if event.server else "This machine's mail system"
    text = f"{whose} takes no mail, and is tried again: {event.sentence}"
    return [LogLine(Level.WARNING, "mail_delayed", text, {"server": event.server, "sentence": event.sentence})]
