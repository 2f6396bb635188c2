"""gRPC checks from the words of a configuration."""

import re
from dataclasses import replace

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.optional_libraries import library
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Conversation, Transport
from ldirectord_py.model.checks.probe import CheckTarget

_ALPN = ("h2",)
"""How HTTP/2 is called within TLS, RFC 9113 §3.2."""
_NO_AUTHORITY = re.compile(r"[^!-~]|[/?#@\\]")


def build_grpc(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services grpc and grpcs; raises `InvalidOption` where h2 is not installed."""
    service = configured.shown_request(configured.bare_request)
    asked = f"{configured.service} health of {service or 'the whole server'} at {configured.endpoint}"
    return BuiltCheck(check=_check(configured), target=_target(configured), asked=asked)


def _target(configured: ConfiguredCheck) -> CheckTarget:
    target = configured.target()
    return target if target.tls is None else replace(target, tls=replace(target.tls, alpn=_ALPN))


def _check(configured: ConfiguredCheck) -> Conversation:
    library("h2", configured.service, extra="grpc", what="a library")
    from ldirectord_py.checks.grpc.conversation import Grpc  # noqa: PLC0415  # it needs the library

    authority = configured.options.virtualhost or str(configured.endpoint)
    if _NO_AUTHORITY.search(authority):
        shown = quoted(authority.encode("utf-8", "surrogateescape"))
        raise InvalidOption("virtualhost", f"expected a host, perhaps with a port, but got {shown}")
    request = configured.bare_request
    if any("\ud800" <= letter <= "\udfff" for letter in request):
        raise InvalidOption("request", "expected the name of a service in UTF-8")
    scheme = "https" if configured.transport is Transport.TLS else "http"
    return Grpc(service=request, authority=authority, scheme=scheme)
