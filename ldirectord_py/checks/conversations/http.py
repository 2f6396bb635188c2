"""The HTTP check (RFC 9110, RFC 9112)."""

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from ldirectord_py.checks.conversations.http_answer import MOST_BODY, Answer
from ldirectord_py.checks.conversations.http_reading import read_answer
from ldirectord_py.checks.conversations.http_urls import next_target
from ldirectord_py.checks.matching import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Peer
from ldirectord_py.model.outcome import Outcome, Reason, down, up

MOST_REDIRECTS = 7
"""Followed before a redirect is taken for the answer, as in the original."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_UP = {status.value: up(f"{status.value} {status.phrase}") for status in HTTPStatus if 200 <= status < 300}
_BARE = up("an answer without HTTP headers")
_HEAD_HAS_NO_BODY = down(
    Reason.MISMATCH, "an answer to HEAD has no body that could match receive: use httpmethod=GET, or no receive"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Asks for a page and expects a 2xx status and, where there is a pattern, a body that matches."""

    server: Endpoint
    """Who is asked; redirects are followed there and nowhere else."""
    scheme: str = "http"
    host: str
    """The header `Host`."""
    target: str = "/"
    """As in the request line: path and query, escaped; of a proxy, the whole URL."""
    method: str = "GET"
    receive: Receive | None = None
    authorization: str = field(default="", repr=False)
    """The header `Authorization`; empty: none is sent."""
    _wire: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Write the request once, for all the times that it is sent."""
        object.__setattr__(self, "_wire", self._request(self.target, self.host))

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        await peer.send(self._wire)
        answer = await read_answer(peer, whole=self._whole)
        if isinstance(answer, Outcome):
            return answer
        if answer.status in _REDIRECTS:
            return await self._follow(peer, answer)
        return self._judge(answer)

    @property
    def _whole(self) -> bool:
        return self.receive is not None and self.method != "HEAD"

    @property
    def _proxied(self) -> bool:
        return not self.target.startswith("/")

    def _request(self, target: str, host: str) -> bytes:
        # A proxy's redirect may lead to another host, which is not told what is for the first.
        authorized = self.authorization and host == self.host
        lines = (
            f"{self.method} {target} HTTP/1.1",
            f"Host: {host}",
            *((f"Authorization: {self.authorization}",) if authorized else ()),
            "User-Agent: ldirectord-py",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
            "\r\n",
        )
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    def _judge(self, answer: Answer) -> Outcome:
        if not answer.bare and not 200 <= answer.status < 300:
            return down(Reason.STATUS, f"{answer.phrase}, expected 2xx")
        if self.receive is not None:
            if self.method == "HEAD":
                return _HEAD_HAS_NO_BODY
            what = f"the body's first {MOST_BODY // 1024} KiB" if answer.cut else "the body"
            if objection := self.receive.objection(answer.body, what=what):
                return down(Reason.TOO_LONG if answer.cut else Reason.MISMATCH, objection)
        return _BARE if answer.bare else _UP.get(answer.status) or up(answer.phrase)

    async def _follow(self, peer: Peer, answer: Answer) -> Outcome:
        """Go where the server points to, as long as that is itself.

        The `Host` stays as configured.  (The original takes the one in `Location`, and goes
        wherever it leads, so that another server may answer for this one.)
        """
        here = self.target
        for _ in range(MOST_REDIRECTS):
            if answer.status not in _REDIRECTS or not answer.location:
                return self._judge(answer)
            base = here if self._proxied else f"{self.scheme}://{self.server}{here}"
            there = next_target(base, answer.location, server=self.server, host=self.host, proxied=self._proxied)
            if there is None:
                location = quoted(answer.location.encode(), 100)
                return down(Reason.STATUS, f"{answer.status} redirects to {location}, which is not this server")
            await peer.reconnect()
            await peer.send(self._request(there, urlsplit(there).netloc if self._proxied else self.host))
            following = await read_answer(peer, whole=self._whole)
            if isinstance(following, Outcome):
                return following
            answer, here = following, there
        return self._judge(answer)
