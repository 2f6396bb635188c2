"""gRPC checks from the words of a configuration."""

import re
from dataclasses import replace

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.optional_libraries import library
from ldirectord_py.checks.building.request_texts import request_of, shown_request
from ldirectord_py.checks.building.sni import tls_target
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.conversation import Conversation
from ldirectord_py.model.probe import Probe, Target

_ALPN = ("h2",)
"""How HTTP/2 is called within TLS, RFC 9113 §3.2."""
_NO_AUTHORITY = re.compile(r"[^!-~]|[/?#@\\]")


def build_grpc(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service grpc; raises `InvalidOption` where h2 is not installed."""
    check = _check(options, server, endpoint, "http")
    asked = _asked(options, server, endpoint)
    return Probe(check=check, target=Target(endpoint=endpoint), timeout=options.negotiatetimeout, asked=asked)


def build_grpcs(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service grpcs: the same over TLS, with the virtualhost as SNI if it is a name."""
    check = _check(options, server, endpoint, "https")
    target = tls_target(options, endpoint, options.virtualhost)
    if target.tls is not None:
        target = replace(target, tls=replace(target.tls, alpn=_ALPN))
    asked = _asked(options, server, endpoint)
    return Probe(check=check, target=target, timeout=options.negotiatetimeout, asked=asked)


def _asked(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> str:
    service = shown_request(options, server, request_of(options, server).removeprefix("/"))
    return f"{options.service} health of {service or 'the whole server'} at {endpoint}"


def _check(options: CheckOptions, server: CheckedServer, endpoint: Endpoint, scheme: str) -> Conversation:
    library("h2", options.service, extra="grpc", what="a library")
    from ldirectord_py.checks.grpc.conversation import Grpc  # noqa: PLC0415  # it needs the library

    authority = options.virtualhost or str(endpoint)
    if _NO_AUTHORITY.search(authority):
        shown = quoted(authority.encode("utf-8", "surrogateescape"))
        raise InvalidOption("virtualhost", f"expected a host, perhaps with a port, but got {shown}")
    request = request_of(options, server).removeprefix("/")
    if any("\ud800" <= letter <= "\udfff" for letter in request):
        raise InvalidOption("request", "expected the name of a service in UTF-8")
    return Grpc(service=request, authority=authority, scheme=scheme)
