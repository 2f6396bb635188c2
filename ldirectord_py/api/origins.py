"""Requests that a browser was tricked into: they are told by their headers, and refused.

A page of a stranger may have its own name point at our address (DNS rebinding), and then read what we answer: so the
name that is asked for has to be one of ours, or an address, which no name server can have changed.  It may also send
us a command from wherever it is (CSRF): so a command has to be JSON, which takes a browser's permission to send
elsewhere, and must not come from another origin.
"""

import socket
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from ldirectord_py.api.problems import RequestRefused

_OURS = ("localhost", socket.gethostname().lower())


def check_host(request: web.Request, names: Collection[str]) -> None:
    """Raise `RequestRefused` if *request* is for somebody who is neither an address nor one of *names*."""
    host = _name_of(request.headers.get("Host", ""))
    if host not in names and host not in _OURS and not _is_address(host):
        sentence = f"this server is not called {host}" if host else "the request does not say whom it is for"
        raise RequestRefused(HTTPStatus.MISDIRECTED_REQUEST, f"{sentence}: apihosts lists the names of this server")


def check_origin(request: web.Request) -> None:
    """Raise `RequestRefused` if *request* is a command that another site may have a browser send."""
    if request.content_type != "application/json":
        raise RequestRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a command needs Content-Type: application/json")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and _place_of(origin) != request.headers.get("Host", "").lower()
    if site not in {"same-origin", "none"} or elsewhere:
        raise RequestRefused(HTTPStatus.FORBIDDEN, "this command comes from the page of another site")


def _name_of(host: str) -> str:
    """Return the name in the header Host, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _place_of(origin: str) -> str | None:
    """Return the name and the port in the header Origin; None: there is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
