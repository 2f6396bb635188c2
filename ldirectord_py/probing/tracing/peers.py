"""Peers that take down what they do: the same as those of checks that nobody follows, which know nothing of this."""

import ssl
from datetime import UTC, datetime

from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Pattern, Transport
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import CheckTarget, Origin
from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.model.text.moments import date
from ldirectord_py.probing import certificates
from ldirectord_py.probing.datagrams import DatagramPeer, IcmpPeer, InsistentPeer
from ldirectord_py.probing.stream_peer import StreamPeer
from ldirectord_py.probing.tls import TlsPeer
from ldirectord_py.probing.tracing.recorder import TraceRecorder

_MOST_NAMES = 5
"""Names of a certificate that are shown."""


class TracedPeer(StreamPeer):
    """One conversation, and each of its steps in the *recorder*, which is to be set before it begins."""

    recorder: TraceRecorder
    _met = False
    """Whether the connection that stands was noted."""

    def _note(self, what: StepKind, content: str | bytes) -> None:
        self.recorder.note(what, content)

    # The socket.

    def _connect(self) -> int:
        self._met = False
        self._note(StepKind.CONNECT, _way(self._compiled.target))
        return super()._connect()

    def _step(self, now: float) -> None:
        if self._connected and not self._met:
            self._met = True
            self._note(StepKind.CONNECT, self._standing())
        super()._step(now)

    def _standing(self) -> str:
        """Return what is said of a connection that stands."""
        return f"connected, from {self._own_address()}"

    def _own_address(self) -> str:
        try:
            address, port, *_ = self._socket.getsockname() if self._socket else ("nowhere", 0)
        except OSError:  # reset already
            return "an address that is gone"
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def _leave(self) -> None:
        if self._socket is not None:
            self._note(StepKind.CLOSE, self._manner())
        super()._leave()

    def _manner(self) -> str:
        """Return how the connection is closed that is left in order."""
        if self._ended:
            return "the server has closed its side, and we close ours"
        return "it is left to the server to close first" if self._server_closes else "we close first"

    def _close(self) -> None:
        if self._socket is not None:
            self._note(StepKind.CLOSE, self._end())
        super()._close()

    def _end(self) -> str:
        """Return how the socket is closed at once."""
        return "we reset the connection" if self._connected and not self._ended else "the socket is closed"

    # The conversation's side.

    async def send(self, data: bytes) -> None:
        """See `Peer.send`."""
        self._note(StepKind.SEND, data)
        await super().send(data)

    async def _receive(self) -> bytes:
        data = await super()._receive()
        self._note(StepKind.RECEIVE, data or "the end of the stream")
        return data

    async def has_match(self, pattern: Pattern, subject: bytes) -> bool:
        """See `Peer.has_match`."""
        found = await super().has_match(pattern, subject)
        self._note(StepKind.JUDGE, told_match(pattern, subject, found=found))
        return found

    def end(self) -> None:
        """See `Peer.end`."""
        self._note(StepKind.CLOSE, "we say that nothing more will be sent")
        super().end()


def _way(target: CheckTarget) -> str:
    """Return whom a connection is to reach, over what, and from where if the configuration says so."""
    endpoint = target.endpoint
    whom = endpoint.address if target.transport is Transport.ICMP else endpoint
    origin = target.origin or Origin()
    source = f" from {origin.address}" if origin.address is not None else ""
    device = f" through {origin.device}" if origin.device is not None else ""
    carrier = Transport.TCP if target.transport is Transport.TLS else target.transport
    return f"to {whom} over {carrier}{source}{device}"


def told_match(pattern: Pattern, subject: bytes, *, found: bool) -> str:
    """Return what is said of a pattern that was looked for."""
    return f"the pattern {quoted(pattern.text)} {'matches' if found else 'does not match'} these {len(subject)} bytes"


class TracedTlsPeer(TracedPeer, TlsPeer):
    """The same over TLS: shows what is said within it."""

    async def _shake_hands(self, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        name = self._options.server_name
        self._note(StepKind.TLS, f"handshake begins, {f'asking for {name}' if name else 'naming no server'}")
        await super()._shake_hands(context, session)
        if self._tls is not None:
            self._note(StepKind.TLS, _agreed(self._tls))
            self._note(StepKind.TLS, _shown(self._certificate(), verified=context.verify_mode is ssl.CERT_REQUIRED))

    async def _explain(self, error: ssl.SSLCertVerificationError) -> Outcome:
        self._note(StepKind.TLS, f"the certificate is refused: {error.verify_message}; it is asked for once more")
        return await super()._explain(error)

    def end(self) -> None:
        """See `Peer.end`."""
        TlsPeer.end(self)


def _agreed(tls: ssl.SSLObject) -> str:
    """Return the version, the cipher and the protocol that both sides have chosen."""
    cipher = tls.cipher()
    protocol = tls.selected_alpn_protocol()
    words = [tls.version() or "TLS", cipher[0] if cipher else "no cipher", *([f"ALPN {protocol}"] if protocol else [])]
    return "handshake done: " + ", ".join(words)


def _shown(der: bytes, *, verified: bool) -> str:
    """Return what an operator is told of the certificate *der*."""
    try:
        certificate = certificates.read(der)
    except (ValueError, LookupError):
        return "a certificate that cannot be read"
    names = ", ".join(certificate.names[:_MOST_NAMES]) + (", …" if len(certificate.names) > _MOST_NAMES else "")
    issuer = f", issued by {certificate.issuer}" if certificate.issuer else ""
    validity = f"valid from {date(certificate.begins)} to {date(certificate.expires)}"
    over = " (expired)" if certificate.expires < datetime.now(UTC).timestamp() else ""
    return (
        f"certificate for {names or 'nobody'}{issuer}, {validity}{over}, {'verified' if verified else 'not verified'}"
    )


class TracedDatagramPeer(TracedPeer, DatagramPeer):
    """The same over UDP."""

    def _standing(self) -> str:
        return f"a socket at {self._own_address()}; nothing was sent yet"

    def _end(self) -> str:
        return "the socket is closed"

    def _leave(self) -> None:
        self._close()


class TracedInsistentPeer(TracedDatagramPeer, InsistentPeer):
    """The same, where the question can be sent again."""

    def insist(self, now: float) -> None:
        """See `InsistentPeer.insist`."""
        if self._socket is not None and self._question is not None:
            self._note(StepKind.SEND, self._question)
        super().insist(now)


class TracedIcmpPeer(TracedDatagramPeer, IcmpPeer):
    """The same over ICMP."""
