"""The Redis check; Valkey, KeyDB and others speak the same protocol."""

from dataclasses import dataclass, field, replace

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.matching.searching import objection_to
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.redaction import redacted, redacted_sentence
from ldirectord_py.checks.redis.replies import ErrorReply, RedisReplyError, Replies, command
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_PING = (b"PING",)
_PONG = b"PONG"
_PONGED = up("PING answered with PONG")
_MEANINGS = {
    b"NOAUTH": "the server wants a password: set passwd, and login where it has users",
    b"WRONGPASS": "the server does not accept passwd, or login and passwd",
    b"NOPERM": "the user may not run this command",
    b"LOADING": "the server is still loading its data into memory",
    b"MASTERDOWN": "this replica has lost its master, and is not to serve what may be out of date",
}
"""The errors that operators meet, by the word that they begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """Logs in where there is a password, sends a command, and expects a reply that is no error and matches."""

    request: tuple[bytes, ...] = _PING
    """The command's words."""
    receive: Receive | None = None
    credentials: tuple[bytes, ...] = field(default=(), repr=False)
    """Nothing, a password, or a user and a password: the words of AUTH."""
    _wire: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Write the commands once, for all the times that they are sent."""
        auth = command((b"AUTH", *self.credentials)) if self.credentials else b""
        object.__setattr__(self, "_wire", auth + command(self.request))

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        # Both at once: the server takes them one after the other, and a round trip is spared.
        await peer.send(self._wire)
        replies = Replies(peer)
        try:
            if self.credentials:
                await replies.next()
            text = await replies.next()
        except ErrorReply as error:
            return down(Reason.STATUS, self._meant(error.args[0]))
        except RedisReplyError as error:
            shown = redacted(error.args[0], *self.credentials)
            return down(Reason.PROTOCOL, f"expected a reply of Redis, but got {shown}")
        return await self._judge(peer, text)

    def _meant(self, error: bytes) -> str:
        code = error.partition(b" ")[0]
        if meaning := _MEANINGS.get(code):
            return f"{code.decode('ascii')}: {meaning}"
        return f"the server said {redacted(error, *self.credentials)}"

    async def _judge(self, peer: Peer, text: bytes) -> Outcome:
        if self.receive is not None:
            if objection := await objection_to(peer, self.receive, text, what="the reply", redact=self.credentials):
                return self._redacted(down(Reason.MISMATCH, objection))
        elif _is_ping(self.request):
            expected = text == _PONG
            return _PONGED if expected else self._redacted(down(Reason.MISMATCH, f"expected PONG, got {quoted(text)}"))
        return self._redacted(up(f"answered {quoted(text)}"))

    def _redacted(self, outcome: Outcome) -> Outcome:
        if not self.credentials:
            return outcome
        return replace(outcome, detail=redacted_sentence(outcome.detail, *self.credentials))


def _is_ping(request: tuple[bytes, ...]) -> bool:
    return len(request) == 1 and request[0].upper() == _PING[0]


def build_redis(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services redis and rediss."""
    check = _check(configured)
    # Its first word alone: what follows may be a password.
    command = configured.shown_request(check.request[0].decode("utf-8", "surrogateescape"))
    asked = f"{configured.service} {command} at {configured.endpoint}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked)


def _check(configured: ConfiguredCheck) -> Redis:
    options = configured.options
    if options.login and not options.passwd:
        raise InvalidOption("login", f"service {options.service} needs a passwd in addition to the login")
    return Redis(
        request=tuple(_as_bytes(word) for word in configured.bare_request.split()) or _PING,
        receive=Receive.of(configured.receive),
        credentials=tuple(_as_bytes(word) for word in (options.login, options.passwd) if word),
    )


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
