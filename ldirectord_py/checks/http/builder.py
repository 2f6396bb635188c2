"""HTTP checks from the words of a configuration."""

import re
from base64 import b64encode
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from ldirectord_py.checks.building.invalid_option import Misasked
from ldirectord_py.checks.building.request_texts import receive_of, request_of, shown, shown_request
from ldirectord_py.checks.building.sni import tls_target
from ldirectord_py.checks.http.conversation import Http, SecretHttp
from ldirectord_py.checks.http.headers import is_secret
from ldirectord_py.checks.http.urls import STANDARD_PORTS, escaped
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint, bracketed
from ldirectord_py.model.asking import Asking, Subject
from ldirectord_py.model.checking import FixedOutcome, Probe, Target
from ldirectord_py.model.outcome import Reason, down

_CONTROL = re.compile("[\x00-\x1f\x7f]")

_NO_URL = down(
    Reason.STATUS, "service http_proxy needs the whole URL to ask for, such as request='http://example.org/'"
)


def build_http(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service http."""
    return _direct(asking, subject, endpoint, "http")


def build_https(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service https: without verification, with the virtualhost as SNI if it is a name."""
    return _direct(asking, subject, endpoint, "https")


def build_http_proxy(asking: Asking, subject: Subject, endpoint: Endpoint) -> Probe:
    """Return the probe of service http_proxy: `virtualhost` is not used, the URL says which host is meant."""
    url = _absolute(request_of(asking, subject), "http")
    if url is None and subject.request is None:
        return Probe(check=FixedOutcome(outcome=_NO_URL), timeout=asking.negotiatetimeout)
    if url is None:
        url = urlsplit(f"http://{endpoint}{_rooted(subject.request or '')}")
    host = _host(url)
    authorization = _authorization(url)
    target = escaped(_as_bytes(f"{url.scheme}://{host}{_target(url)}"))
    check = _kind(asking, authorization)(
        server=endpoint,
        host=_header(host, "request"),
        target=target,
        method=asking.httpmethod.upper(),
        headers=asking.httpheaders,
        statuses=asking.httpstatus,
        receive=_receive(asking, subject),
        authorization=authorization,
    )
    return Probe(
        check=check,
        target=Target(endpoint=endpoint),
        timeout=asking.negotiatetimeout,
        asked=f"{check.method} {shown_request(asking, subject, target)} through {endpoint}",
    )


def _direct(asking: Asking, subject: Subject, endpoint: Endpoint, scheme: str) -> Probe:
    path, host, authorization = asking.request, bracketed(endpoint.address), ""
    if subject.request is not None:
        path = subject.request
        if url := _absolute(path, scheme):
            path, host, authorization = _target(url), _host(url), _authorization(url)
            endpoint = _elsewhere(url, endpoint)
    if asking.virtualhost is not None:
        host = _header(asking.virtualhost.rstrip("\r"), "virtualhost")
    check = _kind(asking, authorization)(
        server=endpoint,
        scheme=scheme,
        host=_header(host, "request"),
        target=escaped(_as_bytes(_rooted(path))),
        method=asking.httpmethod.upper(),
        headers=asking.httpheaders,
        statuses=asking.httpstatus,
        receive=_receive(asking, subject),
        authorization=authorization,
    )
    target = Target(endpoint=endpoint) if scheme == "http" else tls_target(asking, endpoint, host)
    asked = _asked(asking, subject, check)
    return Probe(check=check, target=target, timeout=asking.negotiatetimeout, asked=asked)


def _asked(asking: Asking, subject: Subject, check: Http) -> str:
    page = shown_request(asking, subject, check.target)
    slash = "" if page.startswith("/") else "/"
    request = f"{check.method} {check.scheme}://{check.server}{slash}{page}"
    if check.host in {bracketed(check.server.address), str(check.server)}:
        return request
    named = asking.virtualhost is not None
    host = shown(asking, "virtualhost", check.host) if named else shown_request(asking, subject, check.host)
    return f"{request} (Host: {host})"


def _kind(asking: Asking, authorization: str) -> type[Http]:
    return SecretHttp if authorization or any(is_secret(header.name) for header in asking.httpheaders) else Http


def _absolute(request: str, scheme: str) -> SplitResult | None:
    """Return the URL that *request* is, beside the slash that every request is given; None where it is a path."""
    text = request.removeprefix("/")
    if not text.startswith(f"{scheme}://"):
        return None
    try:
        url = urlsplit(text)
        _ = url.port  # raises where it is none
    except ValueError as error:
        raise Misasked("request", f"expected a URL, but got {quoted(_as_bytes(text))}: {error}") from error
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


def _receive(asking: Asking, subject: Subject) -> Receive | None:
    return Receive.of(receive_of(asking, subject))


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _header(text: str, directive: str) -> str:
    """Return *text* if it fits into a header line; raises `Misasked`."""
    if _CONTROL.search(text):
        raise Misasked(directive, f"expected text without control characters, but got {quoted(_as_bytes(text))}")
    return text


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
