"""Mail servers, spoken to through aiosmtplib (RFC 5321).  The only place that knows the library."""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from ldirectord_py.observers.mail.message import Alert, Sender, compose, is_mailbox
from ldirectord_py.observers.mail.transport import MailRefused, ServerFailed
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

_CALLED = "localhost.localdomain"
"""What we call ourselves, as the original does: mail servers are set up to take mail from who says so."""
_GOODBYE = 1.0
"""Seconds that a server has to answer our goodbye."""
_CLOSING = 421  # RFC 5321, 4.2.2: the service is not available, and the connection is closed


async def connect(server: str, port: int, sender: Sender) -> "SmtpSession":
    """Return a session with *server*, at the first of its addresses that answers.  Raises `ServerFailed`."""
    try:
        addresses = await in_thread(lambda: _addresses(server, port))
    except NoThread as error:
        raise ServerFailed(error.sentence) from error
    except (OSError, UnicodeError) as error:
        raise ServerFailed(f"its name is not known: {getattr(error, 'strerror', None) or error}") from error
    failure = "it has no address"
    for address in addresses:
        client = SMTP(hostname=address, port=port, local_hostname=_CALLED, timeout=None, start_tls=False)
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            failure = _sentence(error)
            client.close()
        except BaseException:
            client.close()
            raise
        else:
            return SmtpSession(client, sender)
    raise ServerFailed(failure)


def _addresses(server: str, port: int) -> list[str]:
    found = socket.getaddrinfo(server, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class SmtpSession:
    """A connection to a mail server, for one mail after the other."""

    def __init__(self, client: SMTP, sender: Sender) -> None:
        self._client = client
        self._sender = sender

    async def send(self, alert: Alert, recipients: Sequence[str]) -> Mapping[str, MailRefused]:
        """See `MailTransport`."""
        refusals = {
            each: MailRefused("it is no address", temporary=False) for each in recipients if not is_mailbox(each)
        }
        some = [each for each in recipients if each not in refusals]
        if not some:
            return refusals
        text = compose(alert, self._sender)
        try:
            eight = [] if text.isascii() or not self._client.supports_extension("8bitmime") else ["BODY=8BITMIME"]
            refused, _ = await self._client.sendmail(self._sender.address, some, text, mail_options=eight)
        except SMTPRecipientsRefused as error:
            return refusals | {each.recipient: _refusal(each.code, each.message) for each in error.recipients}
        except SMTPResponseException as error:
            if error.code in {_CLOSING, -1}:
                raise ServerFailed(_sentence(error)) from error
            return refusals | dict.fromkeys(some, _refusal(error.code, error.message))
        except ValueError as error:  # a sender that is no address: the login name or the host's is odd
            return refusals | dict.fromkeys(some, MailRefused(str(error), temporary=False))
        except (SMTPException, OSError) as error:
            raise ServerFailed(_sentence(error)) from error
        return refusals | {each: _refusal(answer.code, answer.message) for each, answer in refused.items()}

    async def leave(self) -> None:
        """See `MailTransport`."""
        with suppress(SMTPException, OSError):  # TimeoutError is one
            async with asyncio.timeout(_GOODBYE):
                await self._client.quit()

    def drop(self) -> None:
        """See `MailTransport`."""
        self._client.close()


def _refusal(code: int, message: str) -> MailRefused:
    return MailRefused(f"{code} {' '.join(message.split())}", temporary=400 <= code < 500)


def _sentence(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {' '.join(error.message.split())}"
    known = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(known, OSError) and known.errno:
        return os.strerror(known.errno).lower()
    return str(error)
