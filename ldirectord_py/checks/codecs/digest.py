"""Digest authentication (RFC 7616, RFC 8760; without qop RFC 2069), for requests without a body."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

# A name is looked for where no other goes on, so that a long one without a value takes linear time.
_PARAMETER = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]++|\\.)*+)"|([^\s,"]+))')
_SCHEME = re.compile(r"[ \t]*Digest[ \t]+(?=\S)", re.IGNORECASE)


def _md5(text: str) -> str:
    return hashlib.md5(_raw(text), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(_raw(text)).hexdigest()


_HASHES: dict[str, Callable[[str], str]] = {"MD5": _md5, "SHA-256": _sha256}
_SESSION = "-SESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who asks, and the secret that proves it."""

    username: str = field(repr=False)
    passwd: str = field(repr=False)

    def answer(self, challenges: Iterable[str], *, method: str, uri: str, cnonce: str) -> str | None:
        """Return what to authorize a request with; None where no challenge is one that we know.

        *challenges* are the values of the header `WWW-Authenticate` or `Proxy-Authenticate`.  The server puts them in
        the order of its preference, and the first one that we know is answered (RFC 8760 §2.4).
        """
        for challenge in challenges:
            if (scheme := _SCHEME.match(challenge)) is None:
                continue
            # Quoted values stay as they are, backslashes too: that is how both sides put them into the hash.
            asked = {name.lower(): text or token for name, text, token in _PARAMETER.findall(challenge[scheme.end() :])}
            if answer := self._answer(asked, method=method, uri=uri, cnonce=cnonce):
                return answer
        return None

    def _answer(self, asked: dict[str, str], *, method: str, uri: str, cnonce: str) -> str | None:
        """Return the answer to a challenge with the parameters *asked*."""
        algorithm = asked.get("algorithm", "MD5").upper()
        digest = _HASHES.get(algorithm.removesuffix(_SESSION))
        offered = [qop.strip().lower() for qop in asked["qop"].split(",")] if "qop" in asked else None
        if digest is None or "nonce" not in asked or (offered is not None and "auth" not in offered):
            return None
        realm, nonce = asked.get("realm", ""), asked["nonce"]
        secret = digest(f"{self.username}:{realm}:{self.passwd}")
        if algorithm.endswith(_SESSION):
            secret = digest(f"{secret}:{nonce}:{cnonce}")
        middle = nonce if offered is None else f"{nonce}:00000001:{cnonce}:auth"
        response = digest(f"{secret}:{middle}:{digest(f'{method}:{uri}')}")
        parts = [f'username="{self.username}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
        parts.append(f'response="{response}"')
        if "algorithm" in asked:
            parts.append(f"algorithm={asked['algorithm']}")
        if "opaque" in asked:
            parts.append(f'opaque="{asked["opaque"]}"')
        if offered is not None:
            parts += ["qop=auth", "nc=00000001"]
        if offered is not None or algorithm.endswith(_SESSION):
            parts.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(parts)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
