"""The text of a mail: the original's subject and body, in a message that any mail server takes (RFC 5322)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr, getaddresses, make_msgid
from functools import lru_cache

from ldirectord_py.model.config import AlertStatus, Virtual
from ldirectord_py.model.text.escaping import printable

_MAILBOX = re.compile(r'[^\s<>"\x00-\x20\x7f-\U0010ffff]+')


@dataclass(frozen=True, slots=True)
class Alert:
    """One mail: about which virtual, what, and when."""

    virtual: Virtual
    message: str
    """What the log says, such as `Deleted real server: 10.0.0.5:80 (10.0.0.1:80)`."""
    status: AlertStatus
    """The one state that the director was in."""
    at: float
    """Seconds since the epoch."""
    reminder: bool = False
    """It only repeats what has been said."""

    @property
    def subject(self) -> str:
        """The message, behind the service's name if it has one."""
        name = self.virtual.servicename
        return f"[{name}] {self.message}" if name else self.message


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are: the login name that the process runs as, and the host's name."""

    user: str
    host: str

    @property
    def address(self) -> str:
        """The sender that a mail server is told, and in `From` where `emailalertfrom` names none."""
        return f"{self.user}@{self.host}"


@lru_cache(maxsize=256)
def addresses(recipients: str) -> tuple[str, ...]:
    """Return the mailboxes of a value of `emailalert`, which has commas between them; each once.

    `Name <admin@example.com>` works as in a mail's header.
    """
    line = printable(recipients.strip())
    found = [address for _, address in getaddresses([line]) if address]
    return tuple(dict.fromkeys(found or (part for each in line.split(",") if (part := each.strip()))))


def is_mailbox(address: str) -> bool:
    """Return whether *address* can be named to a mail server: ASCII, and nothing that would be more than an address."""
    return _MAILBOX.fullmatch(address) is not None


def compose(alert: Alert, sender: Sender, *, named: bool = True) -> bytes:
    """Return the message, its lines ended by CR and LF.

    With *named* false there is no `From` but what `emailalertfrom` says: a sendmail program fills it in.
    """
    alerting = alert.virtual.alerting
    origin = alerting.sender or (sender.address if named else "")
    body = _body(alert, sender.host)
    headers = {
        "From": _people(origin) if origin else "",
        "To": _people(alerting.recipients),
        "Subject": _encoded(printable(alert.subject)),
        "Date": format_datetime(datetime.fromtimestamp(alert.at, UTC)),
        "Message-ID": make_msgid(domain=sender.host),
    }
    if not body.isascii():
        headers |= {
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
        }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return head.encode("ascii") + b"\r\n" + body


def _body(alert: Alert, host: str) -> bytes:
    virtual = alert.virtual
    lines = [
        f"ldirectord host: {host}",
        f"Log-Message: {alert.subject}",
        f"Daemon-Status: {(alert.status.name or '').lower()}",
    ]
    more = [
        f"{title}: {text}"
        for title, text in (("Service name", virtual.servicename), ("Comment", virtual.comment))
        if text
    ]
    if more:
        lines += ["", *more, ""]
    return "".join(f"{printable(line)}\r\n" for line in lines).encode()


def _encoded(text: str) -> str:
    """Return *text* as a header's value (RFC 2047)."""
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def _people(text: str) -> str:
    """Return a list of addresses as a header's value: as it stands, but for names with other letters than ASCII's."""
    line = printable(text.strip())
    if line.isascii():
        return line
    people = [
        formataddr((name, address)) if address.isascii() else _encoded(address)
        for name, address in getaddresses([line])
        if address
    ]
    return ", ".join(people) or _encoded(line)
