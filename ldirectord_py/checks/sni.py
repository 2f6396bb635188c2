"""The name that a TLS server is told it is asked for."""

import re

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Target, TlsOptions, Transport

_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?=.*[A-Za-z_-])[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)
"""What can be sent as SNI (RFC 6066 §3): a name, not an address."""

_PORT = re.compile(r":\d+\Z")


def tls_options(host: str | None) -> TlsOptions:
    """Return how to speak TLS to a server of *host* (perhaps with a port): its name as SNI if it is one, unverified."""
    name = _PORT.sub("", host or "")
    return TlsOptions(server_name=name if _DNS_NAME.fullmatch(name) else None)


def tls_target(endpoint: Endpoint, host: str | None) -> Target:
    """Return where a service is asked that speaks TLS from the start."""
    return Target(endpoint=endpoint, transport=Transport.TLS, tls=tls_options(host))
