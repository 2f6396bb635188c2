"""What is kept from one TLS connection to the next: contexts, sessions, and until when certificates are valid."""

import asyncio
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from ldirectord_py.checks.tls_contexts import Unusable, new_context, system_store
from ldirectord_py.model.checks.probe import CheckTarget, TlsOptions
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.probing import certificates

RESUMED = 3600.0
"""Seconds for which sessions may stand for a full handshake: after them the certificate is looked at again."""

Aside = Callable[[Callable[[], ssl.SSLContext]], asyncio.Future[ssl.SSLContext]]
"""Has a context made in a thread (`PeerServices.in_thread`)."""

OnCertificate = Callable[[CheckTarget, float], None]
"""Is handed a target and until when its certificate is valid (seconds since the epoch): when that is new, and some
time after `RESUMED` again."""


class _Server:
    """What is kept of one target."""

    __slots__ = ("averse", "context", "fingerprint", "is_slow", "known_until", "resumed_until", "session")

    def __init__(self) -> None:
        self.averse = self.is_slow = False
        self.context: ssl.SSLContext | None = None
        self.session: ssl.SSLSession | None = None
        self.fingerprint = 0
        self.known_until = self.resumed_until = 0.0


class TlsMemory:
    """Keeps one context per set of options, and one session per target.

    A resumed session saves both sides the asymmetric part of the handshake, which is most of what
    an https check costs.  The certificate is seen in full handshakes only, so there is one at least
    every `RESUMED` seconds, and at once when a certificate that was verified expires.
    """

    def __init__(self, certificate_seen: OnCertificate) -> None:
        self._certificate_seen = certificate_seen
        self._contexts: dict[TlsOptions, ssl.SSLContext] = {}
        self._nameless: dict[TlsOptions, ssl.SSLContext] = {}
        self._making: dict[TlsOptions, asyncio.Future[ssl.SSLContext]] = {}
        self._store = system_store()
        self._servers: dict[CheckTarget, _Server] = {}

    def context(self, options: TlsOptions) -> ssl.SSLContext | None:
        """Return the context for *options*, if it has been made."""
        if (context := self._contexts.get(options)) is None:
            context = self._nameless.get(_nameless(options))
            if context is not None:
                self._contexts[options] = context
        return context

    def make(self, options: TlsOptions, in_thread: Aside) -> asyncio.Future[ssl.SSLContext]:
        """Have the context for *options* made in a thread, once for all that want it; fails with `CheckUnavailable`.

        To load a system's store takes 20 to 50 ms.
        """
        # Names are given to each connection, so that a thousand of them share what is read of a trust store.
        shared = _nameless(options)
        if (making := self._making.get(shared)) is None:
            making = self._making[shared] = in_thread(partial(_made, options))
            making.add_done_callback(partial(self._keep, shared))
        return making

    def _keep(self, shared: TlsOptions, made: asyncio.Future[ssl.SSLContext]) -> None:
        del self._making[shared]
        if made.exception() is None:
            self._nameless[shared] = made.result()

    def session(self, target: CheckTarget, context: ssl.SSLContext, now: float) -> ssl.SSLSession | None:
        """Return the session that the last connection to *target* left in *context*, if it is still to be used."""
        server = self._servers.get(target)
        if server is None or server.context is not context or now >= server.resumed_until:
            return None
        return server.session

    def remember(self, target: CheckTarget, tls: ssl.SSLObject) -> None:
        """Keep the session of *tls* for the next connection to *target*, unless it does not like that."""
        server = self._server(target)
        if server.averse:
            return
        try:
            session = tls.session
        except ValueError:  # larger than ssl copies, by a ticket that the server chose: none is kept
            return
        if session is not None:
            server.context, server.session = tls.context, session

    def stop_resuming(self, target: CheckTarget) -> None:
        """Offer *target* no session any more: it fails when it is offered one."""
        server = self._server(target)
        server.averse = True
        server.context = server.session = None

    def is_slow(self, target: CheckTarget) -> bool:
        """Return whether OpenSSL has taken long for *target*, whatever for."""
        server = self._servers.get(target)
        return server is not None and server.is_slow

    def note_slow(self, target: CheckTarget) -> None:
        """Take note that OpenSSL has."""
        self._server(target).is_slow = True

    def met(self, target: CheckTarget, certificate: bytes | None, now: float) -> None:
        """Take note of the *certificate* (DER) of a full handshake with *target* at *now* (monotonic)."""
        server = self._server(target)
        fingerprint = hash(certificate)
        if fingerprint == server.fingerprint and now < server.known_until:
            return
        server.fingerprint = fingerprint
        server.known_until = server.resumed_until = now + RESUMED
        try:
            expires = certificates.expiry(certificate or b"")
        except ValueError:  # the library has read it otherwise; without a date there is nothing to tell
            return
        if target.tls is not None and target.tls.verify:
            server.resumed_until = now + min(RESUMED, expires - time.time())
        self._certificate_seen(target, expires)

    def forget_all_but(self, targets: Collection[CheckTarget]) -> None:
        """Let go of what is kept of servers that are no longer checked, and of a system's store that has changed."""
        self._servers = {target: kept for target, kept in self._servers.items() if target in targets}
        before, self._store = self._store, system_store()
        wanted = {target.tls for target in targets if target.tls is not None}
        shared = {_nameless(options) for options in wanted}
        if before != self._store:
            shared = {options for options in shared if not _trusts_system(options)}
        self._nameless = {options: context for options, context in self._nameless.items() if options in shared}
        self._contexts = {
            options: context
            for options, context in self._contexts.items()
            if options in wanted and _nameless(options) in shared
        }

    def _server(self, target: CheckTarget) -> _Server:
        if (server := self._servers.get(target)) is None:
            server = self._servers[target] = _Server()
        return server


def _made(options: TlsOptions) -> ssl.SSLContext:
    try:
        return new_context(options)
    except (OSError, Unusable) as error:
        raise CheckUnavailable(f"TLS cannot be set up: {error}") from error


def _trusts_system(options: TlsOptions) -> bool:
    return options.verify and options.authorities is None


def _nameless(options: TlsOptions) -> TlsOptions:
    """Return what those options share that differ in their server's name alone: whether there is one to compare."""
    return replace(options, server_name="" if options.verify and options.server_name is not None else None)
