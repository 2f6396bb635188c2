"""The DNS check (RFC 1035)."""

import secrets
from dataclasses import dataclass, field

from ldirectord_py.checks.datagrams import own_answer
from ldirectord_py.checks.dns.messages import (
    DnsAnswer,
    DnsMessageError,
    RecordType,
    is_about,
    is_response,
    query_of,
    read_answer,
)
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.matching.searching import objection_to
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_NO_ANSWER = down(Reason.PROTOCOL, "expected a DNS answer to our question, but other datagrams came")
_ECHO = down(Reason.PROTOCOL, "expected a DNS answer, but our question came back")
_CUT = "; the answer is truncated: ask for a name with fewer records, or with protocol=tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """Asks for the records of a name, recursion desired, and expects an address or a name that matches."""

    name: str
    """Complete, with its final dot."""
    kind: RecordType = RecordType.A
    receive: Receive | None = None
    stream: bool = False
    """Over TCP, where each message comes after its length (RFC 1035 §4.2.2); else over UDP."""
    _query: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Write the query once, but for its identifier; raises `ValueError` where the name is none."""
        object.__setattr__(self, "_query", query_of(self.name, self.kind))

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        query = secrets.token_bytes(2) + self._query
        if self.stream:
            await peer.send(len(query).to_bytes(2, "big") + query)
            message = await peer.exactly(int.from_bytes(await peer.exactly(2), "big"))
            if not is_about(query, message):
                return down(Reason.PROTOCOL, f"expected a DNS answer to our question, but got {quoted(message)}")
        else:
            await peer.send(query)
            message = await own_answer(peer, lambda datagram: is_about(query, datagram))
        return await self._read(peer, message) if message else _NO_ANSWER

    async def _read(self, peer: Peer, message: bytes) -> Outcome:
        if not is_response(message):
            return _ECHO
        try:
            answer = read_answer(message)
        except DnsMessageError as error:
            return down(Reason.PROTOCOL, f"the DNS answer is malformed: {error}")
        if answer.code:
            return down(Reason.STATUS, f"{self._question} was answered with {answer.code_name}")
        return await self._judge(peer, answer)

    async def _judge(self, peer: Peer, answer: DnsAnswer) -> Outcome:
        """Return the verdict on a proper answer.  One that has what was asked for will do, though it be truncated."""
        hint = _CUT if answer.truncated else ""
        if not answer.records:
            if self.receive is None and self.name == "." and not answer.truncated:
                return up("'.' was answered")  # the root has no address: more is not to be had there
            return down(Reason.MISMATCH, f"{self._question} was answered without any address or name{hint}")
        if self.receive is None:
            return up(f"{self._question} is {answer.records[0].decode()}")
        what = f"the answer to {self._question}"
        for record in answer.records:
            if not await objection_to(peer, self.receive, record, what=what):
                return up(f"{self._question} is {record.decode()}")
        first, *more = answer.records
        others = f" and {len(more)} more" if more else ""
        return down(Reason.MISMATCH, f"{await objection_to(peer, self.receive, first, what=what)}{others}{hint}")

    @property
    def _question(self) -> str:
        return f"{quoted(self.name.encode())} {self.kind}"
