"""HTTP checks from the words of a configuration."""

import re
from base64 import b64encode
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.http.conversation import Http, SecretHttp
from ldirectord_py.checks.http.headers import is_secret
from ldirectord_py.checks.http.urls import STANDARD_PORTS, escaped
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint, bracketed
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.outcome import Reason, down

_CONTROL = re.compile("[\x00-\x1f\x7f]")

_NO_URL = down(
    Reason.STATUS, "service http_proxy needs the whole URL to ask for, such as request='http://example.org/'"
)


def build_http(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services http and https: of the server itself, or of where its own URL leads."""
    options = configured.options
    scheme = "https" if configured.transport is Transport.TLS else "http"
    path, host, authorization = options.request, bracketed(configured.endpoint.address), ""
    if configured.server.request is not None:
        path = configured.server.request
        if url := _absolute(path, scheme):
            path, host, authorization = _target(url), _host(url), _authorization(url)
            configured = replace(configured, endpoint=_elsewhere(url, configured.endpoint))
    if options.virtualhost is not None:
        host = _header(options.virtualhost.rstrip("\r"), "virtualhost")
    check = _page(configured, host, escaped(_as_bytes(_rooted(path))), authorization, scheme)
    return BuiltCheck(check=check, target=configured.target(host), asked=_asked(configured, check))


def build_http_proxy(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service http_proxy: `virtualhost` is not used, the URL says which host is meant."""
    own, endpoint = configured.server.request, configured.endpoint
    url = _absolute(configured.request, "http")
    if url is None and own is None:
        return BuiltCheck.fixed(_NO_URL)
    if url is None:
        url = urlsplit(f"http://{endpoint}{_rooted(own or '')}")
    host = _host(url)
    target = escaped(_as_bytes(f"{url.scheme}://{host}{_target(url)}"))
    check = _page(configured, host, target, _authorization(url))
    asked = f"{check.method} {configured.shown_request(target)} through {endpoint}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked)


def _page(configured: ConfiguredCheck, host: str, target: str, authorization: str, scheme: str = "http") -> Http:
    """Return the check that asks for *target* of *host*."""
    options = configured.options
    return _kind(options, authorization)(
        server=configured.endpoint,
        scheme=scheme,
        host=_header(host, "request"),
        target=target,
        method=options.httpmethod.upper(),
        headers=options.httpheaders,
        statuses=options.httpstatus,
        receive=Receive.of(configured.receive),
        authorization=authorization,
    )


def _asked(configured: ConfiguredCheck, check: Http) -> str:
    page = configured.shown_request(check.target)
    slash = "" if page.startswith("/") else "/"
    request = f"{check.method} {check.scheme}://{check.server}{slash}{page}"
    if check.host in {bracketed(check.server.address), str(check.server)}:
        return request
    named = configured.options.virtualhost is not None
    host = configured.shown("virtualhost", check.host) if named else configured.shown_request(check.host)
    return f"{request} (Host: {host})"


def _kind(options: CheckOptions, authorization: str) -> type[Http]:
    return SecretHttp if authorization or any(is_secret(header.name) for header in options.httpheaders) else Http


def _absolute(request: str, scheme: str) -> SplitResult | None:
    """Return the URL in *request*, without the slash that every request is given; None where it is a path."""
    text = request.removeprefix("/")
    if not text.startswith(f"{scheme}://"):
        return None
    try:
        url = urlsplit(text)
        _ = url.port  # raises where it is none
    except ValueError as error:
        raise InvalidOption("request", f"expected a URL, but got {quoted(_as_bytes(text))}: {error}") from error
    return url if url.hostname else None


def _target(url: SplitResult) -> str:
    """Return the path and query of a URL, as they stand in a request line."""
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _host(url: SplitResult) -> str:
    """Return the host and port of a URL, without who logs in there (RFC 9110 §7.2)."""
    return url.netloc.rpartition("@")[2]


def _authorization(url: SplitResult) -> str:
    """Return the header for the name and password in a URL (RFC 7617), as the original sends it; empty for none."""
    userinfo, at, _ = url.netloc.rpartition("@")
    if not at:
        return ""
    return f"Basic {b64encode(unquote_to_bytes(_as_bytes(userinfo))).decode()}"


def _elsewhere(url: SplitResult, endpoint: Endpoint) -> Endpoint:
    """Return where the URL of a real server's own request leads.

    To its address, as in the original; a name would have to be resolved for each check, so there
    the real server itself is asked for that name.
    """
    try:
        address = ip_address(url.hostname or "")
    except ValueError:
        return endpoint
    return Endpoint(address, url.port or STANDARD_PORTS[url.scheme])


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _header(text: str, directive: str) -> str:
    """Return *text* if it fits into a header line; raises `InvalidOption`."""
    if _CONTROL.search(text):
        raise InvalidOption(directive, f"expected text without control characters, but got {quoted(_as_bytes(text))}")
    return text


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
