"""HTTP checks from the words of a configuration."""

import re
from base64 import b64encode
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.request_texts import receive_of, request_of, shown, shown_request
from ldirectord_py.checks.building.sni import tls_target
from ldirectord_py.checks.http.conversation import Http, SecretHttp
from ldirectord_py.checks.http.headers import is_secret
from ldirectord_py.checks.http.urls import STANDARD_PORTS, escaped
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint, bracketed
from ldirectord_py.model.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.outcome import Reason, down
from ldirectord_py.model.probe import FixedOutcome, Probe, Target

_CONTROL = re.compile("[\x00-\x1f\x7f]")

_NO_URL = down(
    Reason.STATUS, "service http_proxy needs the whole URL to ask for, such as request='http://example.org/'"
)


def build_http(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service http."""
    return _direct(options, server, endpoint, "http")


def build_https(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service https: without verification, with the virtualhost as SNI if it is a name."""
    return _direct(options, server, endpoint, "https")


def build_http_proxy(options: CheckOptions, server: CheckedServer, endpoint: Endpoint) -> Probe:
    """Return the probe of service http_proxy: `virtualhost` is not used, the URL says which host is meant."""
    url = _absolute(request_of(options, server), "http")
    if url is None and server.request is None:
        return Probe(check=FixedOutcome(outcome=_NO_URL), timeout=options.negotiatetimeout)
    if url is None:
        url = urlsplit(f"http://{endpoint}{_rooted(server.request or '')}")
    host = _host(url)
    authorization = _authorization(url)
    target = escaped(_as_bytes(f"{url.scheme}://{host}{_target(url)}"))
    check = _kind(options, authorization)(
        server=endpoint,
        host=_header(host, "request"),
        target=target,
        method=options.httpmethod.upper(),
        headers=options.httpheaders,
        statuses=options.httpstatus,
        receive=_receive(options, server),
        authorization=authorization,
    )
    return Probe(
        check=check,
        target=Target(endpoint=endpoint),
        timeout=options.negotiatetimeout,
        asked=f"{check.method} {shown_request(options, server, target)} through {endpoint}",
    )


def _direct(options: CheckOptions, server: CheckedServer, endpoint: Endpoint, scheme: str) -> Probe:
    path, host, authorization = options.request, bracketed(endpoint.address), ""
    if server.request is not None:
        path = server.request
        if url := _absolute(path, scheme):
            path, host, authorization = _target(url), _host(url), _authorization(url)
            endpoint = _elsewhere(url, endpoint)
    if options.virtualhost is not None:
        host = _header(options.virtualhost.rstrip("\r"), "virtualhost")
    check = _kind(options, authorization)(
        server=endpoint,
        scheme=scheme,
        host=_header(host, "request"),
        target=escaped(_as_bytes(_rooted(path))),
        method=options.httpmethod.upper(),
        headers=options.httpheaders,
        statuses=options.httpstatus,
        receive=_receive(options, server),
        authorization=authorization,
    )
    target = Target(endpoint=endpoint) if scheme == "http" else tls_target(options, endpoint, host)
    asked = _asked(options, server, check)
    return Probe(check=check, target=target, timeout=options.negotiatetimeout, asked=asked)


def _asked(options: CheckOptions, server: CheckedServer, check: Http) -> str:
    page = shown_request(options, server, check.target)
    slash = "" if page.startswith("/") else "/"
    request = f"{check.method} {check.scheme}://{check.server}{slash}{page}"
    if check.host in {bracketed(check.server.address), str(check.server)}:
        return request
    named = options.virtualhost is not None
    host = shown(options, "virtualhost", check.host) if named else shown_request(options, server, check.host)
    return f"{request} (Host: {host})"


def _kind(options: CheckOptions, authorization: str) -> type[Http]:
    return SecretHttp if authorization or any(is_secret(header.name) for header in options.httpheaders) else Http


def _absolute(request: str, scheme: str) -> SplitResult | None:
    """Return the URL that *request* is, beside the slash that every request is given; None where it is a path."""
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


def _receive(options: CheckOptions, server: CheckedServer) -> Receive | None:
    return Receive.of(receive_of(options, server))


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _header(text: str, directive: str) -> str:
    """Return *text* if it fits into a header line; raises `InvalidOption`."""
    if _CONTROL.search(text):
        raise InvalidOption(directive, f"expected text without control characters, but got {quoted(_as_bytes(text))}")
    return text


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
