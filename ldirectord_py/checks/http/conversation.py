"""The HTTP check (RFC 9110, RFC 9112)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from ldirectord_py.checks.http.answer import MOST_BODY, HttpAnswer
from ldirectord_py.checks.http.headers import for_another_host, secrets_of
from ldirectord_py.checks.http.headers import lines as header_lines
from ldirectord_py.checks.http.reading import read_answer
from ldirectord_py.checks.http.urls import next_target
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.matching.searching import objection_to
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.redaction import redacted_sentence
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import SUCCESSFUL, Header
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

MOST_REDIRECTS = 7
"""Followed before a redirect is taken for the answer, as in the original."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_UP = {status.value: up(f"{status.value} {status.phrase}") for status in HTTPStatus if 200 <= status < 300}
_BARE = up("an answer without HTTP headers")
_HEAD_HAS_NO_BODY = down(
    Reason.MISMATCH, "an answer to HEAD has no body that could match receive: use httpmethod=GET, or no receive"
)
_OURS = frozenset((*_UP.values(), _BARE, _HEAD_HAS_NO_BODY))
"""Outcomes in which there is no word of the server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Asks for a page and expects a status of success and, where there is a pattern, a body that matches."""

    server: Endpoint
    """Who is asked; redirects are followed there and nowhere else."""
    scheme: str = "http"
    host: str
    """The header `Host`."""
    target: str = "/"
    """As in the request line: path and query, escaped; of a proxy, the whole URL."""
    method: str = "GET"
    headers: tuple[Header, ...] = field(default=(), repr=False)
    """Sent in addition to our own, or instead of them."""
    statuses: frozenset[int] = SUCCESSFUL
    """What counts as success; a redirect among them is not followed."""
    receive: Receive | None = None
    authorization: str = field(default="", repr=False)
    """The header `Authorization` where *headers* have none; empty: none is sent."""
    _wire: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Write the request once, for all the times that it is sent."""
        object.__setattr__(self, "_wire", self._request(self.target, self.host, self.headers))

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        await peer.send(self._wire)
        answer = await self._read(peer)
        if isinstance(answer, Outcome):
            return answer
        if answer.status in _REDIRECTS and answer.status not in self.statuses:
            return await self._follow(peer, answer)
        return self._judge(answer) or await self._search(peer, answer)

    async def _read(self, peer: Peer) -> HttpAnswer | Outcome:
        answer = await read_answer(peer, whole=self._whole)
        peer.leave_closing(answering=isinstance(answer, Outcome) or not answer.ended)
        return answer

    @property
    def _whole(self) -> bool:
        return self.receive is not None and self.method != "HEAD"

    @property
    def _proxied(self) -> bool:
        return not self.target.startswith("/")

    def _request(self, target: str, host: str, headers: Sequence[Header]) -> bytes:
        # A proxy's redirect may lead to another host, which is not told what is for the first.
        named = any(header.name.lower() == "authorization" for header in self.headers)
        authorized = self.authorization and host == self.host and not named
        lines = (
            f"{self.method} {target} HTTP/1.1",
            f"Host: {host}",
            *((f"Authorization: {self.authorization}",) if authorized else ()),
            *header_lines(headers),
            "Connection: close",
            "\r\n",
        )
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    def _request_for(self, target: str) -> bytes:
        """Return the request for where a redirect leads; of a proxy perhaps another host, which is told no secrets."""
        if not self._proxied:
            return self._request(target, self.host, self.headers)
        host = urlsplit(target).netloc
        another = host.lower() != self.host.lower()
        return self._request(target, host, for_another_host(self.headers) if another else self.headers)

    def _judge(self, answer: HttpAnswer) -> Outcome | None:
        """Return the verdict; None where the body has to be searched, as one glance does not do."""
        if answer.status not in self.statuses and not (answer.bare and self.statuses == SUCCESSFUL):
            found = "an answer without HTTP headers" if answer.bare else answer.phrase
            return down(Reason.STATUS, f"{found}, expected {_shown(self.statuses)}")
        if self.receive is not None:
            if self.method == "HEAD":
                return _HEAD_HAS_NO_BODY
            if not self.receive.seen_in(answer.body):
                return None
        return _BARE if answer.bare else _UP.get(answer.status) or up(answer.phrase)

    async def _search(self, peer: Peer, answer: HttpAnswer) -> Outcome:
        what = f"the body's first {MOST_BODY // 1024} KiB" if answer.cut else "the body"
        if self.receive and (objection := await objection_to(peer, self.receive, answer.body, what=what)):
            return down(Reason.TOO_LONG if answer.cut else Reason.MISMATCH, objection)
        return _BARE if answer.bare else _UP.get(answer.status) or up(answer.phrase)

    async def _follow(self, peer: Peer, answer: HttpAnswer) -> Outcome:
        """Go where the server points to, as long as that is itself.

        The `Host` stays as configured.  (The original takes the one in `Location`, and goes
        wherever it leads, so that another server may answer for this one.)
        """
        here = self.target
        for _ in range(MOST_REDIRECTS):
            if answer.status in self.statuses or answer.status not in _REDIRECTS or not answer.location:
                break
            base = here if self._proxied else f"{self.scheme}://{self.server}{here}"
            there = next_target(base, answer.location, server=self.server, host=self.host, proxied=self._proxied)
            if there is None:
                location = quoted(answer.location.encode(), 100)
                return down(Reason.STATUS, f"{answer.status} redirects to {location}, which is not this server")
            await peer.reconnect()
            await peer.send(self._request_for(there))
            following = await self._read(peer)
            if isinstance(following, Outcome):
                return following
            answer, here = following, there
        return self._judge(answer) or await self._search(peer, answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretHttp(Http):
    """As `Http`, with secrets among the headers, which a server may repeat and no sentence may show."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        outcome = await Http.probe(self, peer)
        if outcome in _OURS:
            return outcome
        secrets = secrets_of((*self.headers, Header("Authorization", self.authorization)))
        return replace(outcome, detail=redacted_sentence(outcome.detail, *secrets))


def _shown(statuses: frozenset[int]) -> str:
    """Return *statuses* as a configuration writes them: `200-299,401`."""
    if statuses == SUCCESSFUL:
        return "2xx"
    first = sorted(status for status in statuses if status - 1 not in statuses)
    last = sorted(status for status in statuses if status + 1 not in statuses)
    return ",".join(f"{low}-{high}" if low < high else str(low) for low, high in zip(first, last, strict=True))
