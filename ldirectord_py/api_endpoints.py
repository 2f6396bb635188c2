"""Where the API is served, and to whom: part of the composition, which follows the configuration.

What serves HTTP is imported when it is needed: it is a good part of this process's memory and of its start.
"""

import ssl
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ldirectord_py import __version__
from ldirectord_py.api.access import Access, read_access
from ldirectord_py.api.limits import ClientLimits
from ldirectord_py.api.ports import Exposition, Ports
from ldirectord_py.api.unix_socket import share
from ldirectord_py.checks.tls_contexts import Unusable, listening
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.probe import Pem
from ldirectord_py.model.config import ApiSettings, ApiTls, Config, MetricsDetail
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.events import CheckDone
from ldirectord_py.model.text.moments import date, expiry
from ldirectord_py.probing import certificates
from ldirectord_py.runtime.api_answers import ApiAnswers
from ldirectord_py.runtime.certificates import SOON
from ldirectord_py.runtime.stream import EventStream
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread


class Counting(Exposition, Protocol):
    """What is shown at `/metrics`, in the detail that a configuration wants."""

    detail: MetricsDetail


class _Listener:
    """What one directive asks for."""

    def __init__(self, directive: str, purpose: str, *, whole: bool) -> None:
        self.directive = directive
        self.purpose = purpose
        self.whole = whole
        """Whether all of the API is served, or metrics and health only."""
        self.endpoint: Endpoint | None = None
        self.stack = AsyncExitStack()

    async def replace(self, endpoint: Endpoint | None, stack: AsyncExitStack) -> None:
        """Serve on *endpoint* by what *stack* holds, and no longer where it was."""
        old, self.stack, self.endpoint = self.stack, stack, endpoint
        await old.aclose()


class ApiEndpoints:
    """Serves where a configuration asks for it; nothing is counted where nobody has asked for metrics yet."""

    def __init__(self, answers: ApiAnswers, stream: EventStream, clients: int) -> None:
        """Serve so many *clients* in all; what is counted comes from *stream*."""
        self._answers = answers
        self._stream = stream
        # Each of the three places has a quarter, so that none takes another's; the last quarter is for streams.
        quarter = max(clients // 4, 1)
        self._limits = ClientLimits(connections=quarter, streams=max(quarter // 2, 1))
        self._exposition: Counting | None = None
        self._detail = MetricsDetail.FULL
        self._settings = ApiSettings()
        self._access = Access()
        self._tls: ssl.SSLContext | None = None
        """How TLS is spoken where all of the API is served; None: it is not."""
        self._tls_settings: ApiTls | None = None
        """Of what that was made."""
        self._socket: Path | None = None
        self._status = _Listener("statuslisten", "the status page", whole=True)
        self._metrics = _Listener("metricslisten", "metrics", whole=False)

    async def follow(self, config: Config) -> tuple[str, ...]:
        """Serve where *config* says from now on, and whom it lets in; return what keeps us from it."""
        self._detail = config.metricsdetail
        if self._exposition is not None:
            self._exposition.detail = config.metricsdetail
        complaints = [*await self._let_in(config.api)]
        status, metrics = config.api.statuslisten, config.metricslisten
        if config.api.tls is not None and self._tls is None:
            status = None  # rather nobody than anybody who listens on the way
        if status is not None and status == self._metrics.endpoint:
            await self._metrics.replace(None, AsyncExitStack())  # all of the API takes the place
        wanted = ((self._status, status), (self._metrics, None if metrics == status else metrics))
        complaints += [told for listener, place in wanted if (told := await self._serve(listener, place))]
        return tuple(complaints)

    async def open_socket(self, path: Path | None, stack: AsyncExitStack, refused: Callable[[str], None]) -> None:
        """Serve on the unix socket *path*, if there is to be one, until *stack* is left.

        Tells *refused* what keeps us from it, or from letting somebody in.
        """
        if path is None:
            return
        from ldirectord_py.api.server import serve_locally  # noqa: PLC0415  # see above

        ports = self._ports("the control socket", whole=True)
        try:
            await stack.enter_async_context(serve_locally(path, ports, self._limits))
        except DirectorError as error:
            refused(f"{error} (going on without it: signals work)")
            return
        self._socket = path
        stack.callback(self._forget_socket)
        if complaint := share(path, self._access):
            refused(complaint)

    async def close(self) -> None:
        """Serve nothing any more over TCP."""
        for listener in (self._status, self._metrics):
            await listener.replace(None, AsyncExitStack())

    def _forget_socket(self) -> None:
        self._socket = None

    async def _let_in(self, settings: ApiSettings) -> list[str]:
        """Have those use the API whom *settings* name, over TLS if they say so."""
        tls, before = settings.tls, self._tls_settings
        try:
            self._access, complaints = await in_thread(lambda: read_access(settings))
            if tls is None:
                self._tls = None
            elif before is None or replace(before, clients=tls.clients) != tls:  # otherwise sessions go on
                self._tls = await in_thread(lambda: listening(tls.certificate, tls.key, tls.clientca))
        except NoThread as error:
            return [f"who may use the API stays as it is: {error.sentence}"]
        except Unusable as error:  # it was not when the configuration was read
            return [f"apicertificate: {error}"]
        self._tls_settings = tls
        told = [*complaints]
        if tls is not None and (complaint := _ending(tls.certificate)):
            told.append(complaint)
        if self._socket is not None and (complaint := share(self._socket, self._access)):
            told.append(complaint)
        return told

    async def _serve(self, listener: _Listener, endpoint: Endpoint | None) -> str | None:
        """Have *listener* be on *endpoint*; return what keeps it from that.

        The new listener is up before the old one goes, and where it cannot be had the old one stays.
        """
        if endpoint == listener.endpoint:
            return None
        fresh = AsyncExitStack()
        if endpoint is not None:
            try:
                await self._listen(listener, endpoint, fresh)
            except DirectorError as error:
                await fresh.aclose()
                stays = f"{listener.endpoint} stays" if listener.endpoint else f"going on without {listener.purpose}"
                return f"{listener.directive}: {error} ({stays}; the next reload tries again)"
        await listener.replace(endpoint, fresh)
        return None

    async def _listen(self, listener: _Listener, endpoint: Endpoint, stack: AsyncExitStack) -> None:
        from ldirectord_py.api.server import serve  # noqa: PLC0415  # see above
        from ldirectord_py.observers.metrics.metrics import Metrics  # noqa: PLC0415  # see above

        if self._exposition is None:
            metrics = Metrics(self._answers.snapshot, __version__, refresh=self._answers.refresh)
            self._stream.subscribe(metrics.observe, without=(CheckDone,))
            self._stream.subscribe_to(CheckDone, metrics.check_done)
            metrics.detail = self._detail
            self._exposition = metrics
        ports = self._ports(listener.purpose, whole=listener.whole)
        if listener.whole:
            ports = replace(ports, tls=lambda: self._tls)
        await stack.enter_async_context(serve(endpoint, ports, self._limits))

    def _ports(self, purpose: str, *, whole: bool) -> Ports:
        return Ports(
            version=__version__,
            purpose=purpose,
            healthy=self._answers.healthy,
            ready=self._answers.ready,
            metrics=lambda: self._exposition,
            director=self._answers if whole else None,
            access=lambda: self._access,
        )


def _ending(certificate: Pem) -> str | None:
    """Return what is to be said of a certificate that ends soon, or has ended."""
    try:
        expires = certificates.expiry(ssl.PEM_cert_to_DER_cert(_first(certificate.content.decode(errors="replace"))))
    except ValueError:  # OpenSSL reads it otherwise; without a date there is nothing to tell
        return None
    left = expires - time.time()
    return f"apicertificate: {certificate.path} {expiry(left)}, on {date(expires)}" if left < SOON else None


def _first(pem: str) -> str:
    """Return the first certificate in *pem*, which is the listener's own."""
    _, begin, rest = pem.partition(ssl.PEM_HEADER)
    content, end, _ = rest.partition(ssl.PEM_FOOTER)
    return f"{begin}{content}{end}"
