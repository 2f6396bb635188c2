"""The name that a TLS server is told it is asked for."""

import re
from dataclasses import replace

from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.probe import TlsOptions

_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?=.*[A-Za-z_-])[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)
"""What can be sent as SNI (RFC 6066 §3): a name, not an address."""

_PORT = re.compile(r":\d+\Z")


def is_name(text: str) -> bool:
    """Return whether *text* can be sent as SNI."""
    return _DNS_NAME.fullmatch(text) is not None


def tls_options(options: CheckOptions, host: str | None) -> TlsOptions:
    """Return how to speak TLS to a server of *host* (perhaps with a port), whose name is taken unless one is given."""
    name = _PORT.sub("", host or "")
    if options.tls.server_name is not None or not is_name(name):
        return options.tls
    return replace(options.tls, server_name=name)
