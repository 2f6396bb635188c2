"""What a configuration says of one check: all that the builder of a service goes by."""

from dataclasses import dataclass

from ldirectord_py.checks.building.request_texts import HIDDEN, printable
from ldirectord_py.checks.building.sni import tls_options
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.probe import CheckTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredCheck:
    """A server, the options in force for it, and where and over what it is asked."""

    options: CheckOptions
    server: CheckedServer
    endpoint: Endpoint
    """The server's address, with the port that is checked."""
    transport: Transport = Transport.TCP
    """What the service is spoken over."""

    @property
    def service(self) -> str:
        """The name of the service."""
        return self.options.service

    @property
    def request(self) -> str:
        """What the server is asked for: its own request, or else its virtual's."""
        return self.options.request if self.server.request is None else self.server.request

    @property
    def bare_request(self) -> str:
        """The same, without the slash that every request is given."""
        return self.request.removeprefix("/")

    @property
    def receive(self) -> str:
        """What the answer has to match: the server's own pattern, or else its virtual's; empty: any answer will do."""
        return self.options.receive if self.server.receive is None else self.server.receive

    def target(self, host: str | None = None) -> CheckTarget:
        """Return where and over what the service is asked.

        Over TLS the server is told the name of *host*, by default of the virtualhost, unless another name is given.
        """
        tls = None
        if self.transport is Transport.TLS:
            tls = tls_options(self.options, self.options.virtualhost if host is None else host)
        return CheckTarget(endpoint=self.endpoint, transport=self.transport, tls=tls)

    def shown_request(self, text: str) -> str:
        """Return *text*, which the request has become, as it may be shown."""
        own = self.server.request is not None
        hidden = self.server.redacted if own else "request" in self.options.redacted
        return HIDDEN if hidden else printable(text)

    def shown(self, directive: str, text: str) -> str:
        """Return *text*, which the value of *directive* has become, as it may be shown."""
        return HIDDEN if directive in self.options.redacted else printable(text)
