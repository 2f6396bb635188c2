"""The headers of an HTTP request: ours, those of the configuration, and which of them are secrets."""

import re
from base64 import b64decode
from collections.abc import Sequence

from ldirectord_py.model.checks.check_options import Header

_OURS = (Header("User-Agent", "ldirectord-py"), Header("Accept", "*/*"), Header("Accept-Encoding", "identity"))
"""Sent where the configuration names none of that name."""

_SECRET = re.compile(r"auth|cookie|credential|key|passw|secret|session|signature|token", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]* +(?=\S)")
_FOR_THE_PROXY = "proxy-authorization"
_SHORTEST = 4
"""Bytes: shorter words are too common for their repetition to tell anything."""


def is_secret(name: str) -> bool:
    """Return whether the value of a header called *name* lets somebody in somewhere."""
    return _SECRET.search(name) is not None


def for_another_host(headers: Sequence[Header]) -> tuple[Header, ...]:
    """Return what of *headers* may be told to a host that a redirect leads to: no secrets but the proxy's."""
    return tuple(one for one in headers if one.name.lower() == _FOR_THE_PROXY or not is_secret(one.name))


def lines(headers: Sequence[Header]) -> list[str]:
    """Return the lines of a request's headers, without `Host` and `Connection`."""
    if not headers:
        return [f"{name}: {value}" for name, value in _OURS]
    named = {header.name.lower() for header in headers}
    ours = [header for header in _OURS if header.name.lower() not in named]
    return [f"{name}: {value}" for name, value in (*ours, *headers)]


def secrets_of(headers: Sequence[Header]) -> tuple[bytes, ...]:
    """Return what no sentence may show of *headers*, the longest first: each secret value, and the words of it."""
    found: set[bytes] = set()
    for name, value in headers:
        if is_secret(name) and value:
            # In front of credentials there is, as a rule, a scheme (RFC 9110 §11.4), which is no secret.
            scheme = _SCHEME.match(value)
            credentials = value[scheme.end() :] if scheme else value
            words = re.split(r"[\s;,=]+", credentials)
            texts = (value, *(word for word in (credentials, *words) if len(word) >= _SHORTEST))
            found.update(text.encode("utf-8", "surrogateescape") for text in texts)
            if scheme and scheme[0].strip().lower() == "basic":
                found.update(_basic(credentials))
    return tuple(sorted(found, key=len, reverse=True))


def _basic(credentials: str) -> tuple[bytes, ...]:
    """Return name and password together, and each alone, of the scheme Basic (RFC 7617 §2), but for short ones."""
    try:
        plain = b64decode(credentials, validate=True)
    except ValueError:
        return ()
    return tuple(text for text in (plain, *plain.split(b":", 1)) if len(text) >= _SHORTEST)
