"""The POP3 check (RFC 1939)."""

from dataclasses import dataclass, field

from ldirectord_py.checks.building.command_arguments import argument
from ldirectord_py.checks.building.request_texts import receive_of
from ldirectord_py.checks.building.sni import tls_target
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.redaction import veiled
from ldirectord_py.checks.text_lines import Lines
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.conversation import Peer
from ldirectord_py.model.outcome import Outcome, Reason, down, up
from ldirectord_py.model.probe import Probe, Target

_GREETED = up("greeted")
_LET_IN = up("greeted, and let us in")
_IN_USE = up("greeted, and knows us; the mailbox is in use")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """Expects a greeting and, where there is a login, to be let in with USER and PASS (RFC 1939 §4, §7)."""

    login: bytes = field(default=b"", repr=False)
    """Empty: the greeting will do."""
    passwd: bytes = field(default=b"", repr=False)
    receive: Receive | None = None
    """What one of the lines that the server says has to match."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        if objection := self._objection("greeted with", await lines.next()):
            return objection
        outcome = await self._log_in(peer, lines) if self.login else _GREETED
        if outcome.reason is not Reason.OK:
            return outcome
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(outcome, self.passwd, self.login)

    async def _log_in(self, peer: Peer, lines: Lines) -> Outcome:
        await peer.send(b"USER %b\r\n" % self.login)
        if objection := self._objection("USER answered with", await lines.next()):
            return objection
        await peer.send(b"PASS %b\r\n" % self.passwd)
        response = await lines.next()
        if response.upper().startswith(b"-ERR [IN-USE]"):
            return _IN_USE  # the password was right, RFC 2449 §8.1.1; another director may be at it
        return self._objection("PASS answered with", response) or _LET_IN

    def _objection(self, did: str, response: bytes) -> Outcome | None:
        """Return the outcome of a response that is not +OK."""
        if response.startswith(b"+OK"):
            return None
        shown = veiled(response, self.passwd, self.login)
        if response.startswith(b"-ERR"):
            return down(Reason.STATUS, f"{did} {shown}, expected +OK")
        return down(Reason.PROTOCOL, f"{did} {shown}, which is no POP3 response; expected +OK")


def build_pop(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service pop."""
    return _probe(options, server, Target(endpoint=endpoint))


def build_pops(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service pops: TLS from the start (RFC 8314 §3.2)."""
    return _probe(options, server, tls_target(options, endpoint, options.virtualhost))


def _probe(options: CheckOptions, server: CheckedServer, target: Target) -> Probe:
    check = _pop(options, server)
    asked = f"{options.service} {'login at' if check.login else 'greeting of'} {target.endpoint}"
    return Probe(check=check, target=target, timeout=options.negotiatetimeout, asked=asked)


def _pop(options: CheckOptions, server: CheckedServer) -> Pop:
    login = argument(options.login, "login", "POP3")
    passwd = argument(options.passwd, "passwd", "POP3") if login else b""
    return Pop(login=login, passwd=passwd, receive=Receive.of(receive_of(options, server)))
