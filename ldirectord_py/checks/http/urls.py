"""URLs, as far as HTTP checks need them."""

from urllib.parse import quote, urljoin, urlsplit

from ldirectord_py.model.address import Endpoint, bracketed

STANDARD_PORTS = {"http": 80, "https": 443}

_PLAIN = ";/?:@&=+$,[]-_.!~*'()%"
"""What needs no escape in a URL, besides letters and digits (RFC 2396, which the original's library follows)."""


def escaped(text: bytes) -> str:
    """Return a path and query, or a URL, as it is sent: without fragment, and as `%XX` what may not stand there."""
    return quote(text.partition(b"#")[0], safe=_PLAIN)


def next_target(base: str, location: str, *, server: Endpoint, host: str, proxied: bool) -> str | None:
    """Return the request target to which *location* leads from the URL *base*; None where it leaves *server*.

    It stays where it is relative, or names the server's own address and port, or the host that
    we asked for.  A proxy is asked for any URL that can be had without a tunnel.
    """
    try:
        url = urlsplit(urljoin(base, location))
    except ValueError:
        return None
    # Latin-1 is how `Answer.location` was decoded, so this gives the server's bytes back.
    if proxied:
        return escaped(url.geturl().encode("latin-1", "replace")) if url.scheme == "http" and url.netloc else None
    scheme = urlsplit(base).scheme
    address = bracketed(server.address)
    authorities = {str(server), host, f"{_name(host)}:{server.port}"}
    if server.port == STANDARD_PORTS[scheme]:
        authorities |= {address, _name(host)}
    if url.scheme != scheme or url.netloc.lower() not in {authority.lower() for authority in authorities}:
        return None
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return escaped(path.encode("latin-1", "replace"))


def _name(host: str) -> str:
    """Return *host* without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
