"""The gRPC check: its health service, over HTTP/2 as h2 speaks it.

Imported only where it is asked for: h2 is an extra.
"""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from ldirectord_py.checks.grpc.http2_frames import GOAWAY, Frames, NoHttp2
from ldirectord_py.checks.grpc.messages import GrpcMessageError, GrpcStatus, ServingStatus, health, request
from ldirectord_py.checks.library_words import evidence
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_PATH = "/grpc.health.v1.Health/Check"
_STREAM = 1
_CONFIGURATION = H2Configuration(
    client_side=True,
    header_encoding=None,
    # What we send is our own, and in order.
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
_LARGEST_HEADERS = 4096
"""Bytes of all headers, and 32 for each (RFC 9113 §6.5.2): some hundred at most."""
_SETTINGS = {SettingCodes.ENABLE_PUSH: 0, SettingCodes.MAX_HEADER_LIST_SIZE: _LARGEST_HEADERS}
_SERVING = up("SERVING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grpc:
    """Asks for the health of a service, and expects SERVING."""

    service: str = ""
    """Empty: the server as a whole."""
    authority: str
    """Which server is meant, as `Host` says it in HTTP/1.1."""
    scheme: str = "http"

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        connection = self._asked()
        frames, answer = Frames(peer), _Answer()
        try:
            while True:
                if not frames.pending and (data := connection.data_to_send()):
                    await peer.send(data)
                frame = await frames.next()
                if frame[3] == GOAWAY:
                    # h2 would take no answer any more, though one may follow (RFC 9113 §6.8).
                    if (outcome := _going_away(frame)) is not None:
                        return outcome
                    continue
                for event in connection.receive_data(frame):
                    if isinstance(event, StreamReset):
                        return down(Reason.STATUS, f"the server refused the request with {_error(event.error_code)}")
                    if answer.complete(event):
                        return self._judge(answer)
        except NoHttp2 as error:
            return down(Reason.PROTOCOL, str(error))
        except H2Error as error:
            return down(Reason.PROTOCOL, f"the server's HTTP/2 is malformed{evidence('h2', str(error))}")

    def _asked(self) -> H2Connection:
        """Return a connection with the whole request in it, ready to be sent."""
        connection = H2Connection(_CONFIGURATION)
        connection.local_settings = Settings(client=True, initial_values=_SETTINGS)
        connection.decoder.max_header_list_size = _LARGEST_HEADERS  # h2 waits for the server's word, which may not come
        connection.initiate_connection()
        connection.send_headers(
            _STREAM,
            [
                (":method", "POST"),
                (":scheme", self.scheme),
                (":path", _PATH),
                (":authority", self.authority),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("user-agent", "ldirectord-py"),
            ],
        )
        connection.send_data(_STREAM, request(self.service.encode()), end_stream=True)
        return connection

    def _judge(self, answer: "_Answer") -> Outcome:
        said = answer.header
        if (status := said(b":status")) != b"200":
            return down(Reason.STATUS, f"HTTP status {quoted(status)[1:-1]}, expected 200")
        if not (kind := said(b"content-type")).startswith(b"application/grpc"):
            return down(Reason.PROTOCOL, f"expected an answer of type application/grpc, but got {quoted(kind)}")
        code = said(b"grpc-status")
        if not code.isdigit() or len(code) > 2:
            return down(Reason.PROTOCOL, f"expected a grpc-status, a number, but got {quoted(code)}")
        if code.strip(b"0"):
            return down(Reason.STATUS, self._refused(int(code), said(b"grpc-message")))
        try:
            found = health(bytes(answer.body))
        except GrpcMessageError as error:
            return down(Reason.PROTOCOL, f"expected a message of the health service: {error}")
        return (
            _SERVING
            if found == ServingStatus.SERVING
            else down(Reason.STATUS, f"{_name(ServingStatus, found)}, expected SERVING")
        )

    def _refused(self, code: int, message: bytes) -> str:
        """Return what a call means that did not go well."""
        name = _name(GrpcStatus, code)
        if code == GrpcStatus.UNIMPLEMENTED:
            return f"{name}: the server has no health service (grpc.health.v1.Health)"
        if code == GrpcStatus.NOT_FOUND and self.service:
            return f"{name}: the server does not know the service {quoted(self.service.encode())}"
        if code == GrpcStatus.NOT_FOUND:
            return f"{name}: the server says nothing of itself as a whole, name one of its services in request"
        said = f": the server says {quoted(unquote_to_bytes(message), 120)}" if message else ""
        return f"{name}{said}"


class _Answer:
    """What has come in answer to the request: headers, a body, trailers, or headers alone."""

    __slots__ = ("_headers", "body")

    def __init__(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self.body = bytearray()

    def header(self, name: bytes) -> bytes:
        """Return the value of a header or trailer; empty where there is none."""
        return self._headers.get(name, b"")

    def complete(self, event: Event) -> bool:
        """Take note of *event*; return whether it is the answer's last."""
        if isinstance(event, ResponseReceived | TrailersReceived):
            self._headers.update((bytes(name), bytes(value)) for name, value, *_ in event.headers)
        elif isinstance(event, DataReceived):
            self.body += event.data
        return isinstance(event, StreamEnded)


def _going_away(frame: bytes) -> Outcome | None:
    """Return what GOAWAY means; None where the server is still going to answer (RFC 9113 §6.8)."""
    last, code = int.from_bytes(frame[9:13]) & 0x7FFF_FFFF, int.from_bytes(frame[13:17])
    if not code and last >= _STREAM:
        return None
    said = f": {quoted(frame[17:], 80)}" if len(frame) > 17 else ""
    return down(Reason.STATUS, f"the server ends the connection with {_error(code)}{said}")


def _error(code: int | None) -> str:
    """Return the name of an error of HTTP/2 (RFC 9113 §7)."""
    return _name(ErrorCodes, code or 0)


def _name(kind: "type[ServingStatus | GrpcStatus | ErrorCodes]", number: int) -> str:
    try:
        return kind(number).name
    except ValueError:
        return f"the unknown code {number}"
