"""gRPC checks from the words of a configuration."""

import re
from dataclasses import replace

from ldirectord_py.checks.building.invalid_option import Misasked
from ldirectord_py.checks.building.optional_libraries import library
from ldirectord_py.checks.building.request_texts import request_of, shown_request
from ldirectord_py.checks.building.sni import tls_target
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import Conversation, Probe, Target

_ALPN = ("h2",)
"""How HTTP/2 is called within TLS, RFC 9113 §3.2."""
_NO_AUTHORITY = re.compile(r"[^!-~]|[/?#@\\]")


def build_grpc(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service grpc; raises `Misasked` where h2 is not installed."""
    check = _check(asking, subject, endpoint, "http")
    asked = _asked(asking, subject, endpoint)
    return Probe(check=check, target=Target(endpoint=endpoint), timeout=asking.negotiatetimeout, asked=asked)


def build_grpcs(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service grpcs: the same over TLS, with the virtualhost as SNI if it is a name."""
    check = _check(asking, subject, endpoint, "https")
    target = tls_target(asking, endpoint, asking.virtualhost)
    if target.tls is not None:
        target = replace(target, tls=replace(target.tls, alpn=_ALPN))
    asked = _asked(asking, subject, endpoint)
    return Probe(check=check, target=target, timeout=asking.negotiatetimeout, asked=asked)


def _asked(asking: Asking, subject: Subject, endpoint: Endpoint) -> str:
    service = shown_request(asking, subject, request_of(asking, subject).removeprefix("/"))
    return f"{asking.service} health of {service or 'the whole server'} at {endpoint}"


def _check(asking: Asking, subject: Subject, endpoint: Endpoint, scheme: str) -> Conversation:
    library("h2", asking.service, extra="grpc", what="a library")
    from ldirectord_py.checks.grpc.conversation import Grpc  # noqa: PLC0415  # it needs the library

    authority = asking.virtualhost or str(endpoint)
    if _NO_AUTHORITY.search(authority):
        shown = quoted(authority.encode("utf-8", "surrogateescape"))
        raise Misasked("virtualhost", f"expected a host, perhaps with a port, but got {shown}")
    request = request_of(asking, subject).removeprefix("/")
    if any("\ud800" <= letter <= "\udfff" for letter in request):
        raise Misasked("request", "expected the name of a service in UTF-8")
    return Grpc(service=request, authority=authority, scheme=scheme)
