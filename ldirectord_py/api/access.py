"""Who may use the API, as a configuration says it: tokens, groups and names.

A token is kept as its SHA-256.  It is 32 random bytes, so nobody finds it by trying, and no slow hash, with which
strangers could keep the processor busy, is needed.
"""

import grp
import hashlib
import hmac
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ldirectord_py.model.config import ANY_CLIENT, ApiSettings
from ldirectord_py.model.errors import DirectorError

LARGEST = 256 * 1024
"""Bytes of the file of tokens."""
_LINE = re.compile(r"([\w.@-]{1,64})\s+(read|write)\s+sha256:([0-9a-fA-F]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody's right to use the API."""

    name: str
    may_write: bool
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what, besides root and the daemon's own user, who may do everything over the unix socket."""

    tokens: Sequence[Token] = ()
    """Whom anybody over TCP may be."""
    writers: int | None = None
    """The group that may write over the unix socket, by its number."""
    readers: int | None = None
    """The group that may read there."""
    hosts: tuple[str, ...] = ()
    """Names of this server over TCP."""
    clients: frozenset[str] = frozenset()
    """Names in certificates of clients whose holders may write there, or `ANY_CLIENT`."""

    def holder(self, given: str) -> Token | None:
        """Return the entry of the token *given*; None: nobody has it."""
        digest = hashlib.sha256(given.encode(errors="replace")).digest()
        found = None
        for token in self.tokens:  # all of them, so that the time says nothing
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def may_write(self, names: Iterable[str]) -> str | None:
        """Return that of the *names* in a client's certificate by which it may write, the first if any will do."""
        return next((name for name in names if name in self.clients or ANY_CLIENT in self.clients), None)


def read_access(settings: ApiSettings) -> tuple[Access, tuple[str, ...]]:
    """Return whom *settings* let in, and why somebody is not; may block, as files and name services do."""
    complaints: list[str] = []
    tokens: tuple[Token, ...] = ()
    if settings.tokens is not None:
        try:
            tokens = read_tokens(settings.tokens)
        except DirectorError as error:
            complaints.append(f"apitokens: {error} (until the next reload nobody has a token)")
    writers = _group("apigroup", settings.group, complaints)
    readers = _group("apireadgroup", settings.readgroup, complaints)
    clients = frozenset(settings.tls.clients if settings.tls else ())
    access = Access(tokens=tokens, writers=writers, readers=readers, hosts=settings.hosts, clients=clients)
    return access, tuple(complaints)


def read_tokens(path: str) -> tuple[Token, ...]:
    """Return the tokens of the file *path*, each in a line `NAME read|write sha256:HASH`; raise `DirectorError`."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise DirectorError(f"{path} is no regular file")
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise DirectorError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise DirectorError(f"{path} is larger than {LARGEST} bytes")
    return tuple(_tokens(path, content.decode(errors="replace")))


def _tokens(path: str, text: str) -> Iterator[Token]:
    for number, line in enumerate(text.splitlines(), 1):
        if not (told := line.partition("#")[0].strip()):
            continue
        if (match := _LINE.fullmatch(told)) is None:
            raise DirectorError(f"{path}:{number}: expected NAME read|write sha256:HASH")
        yield Token(match[1], match[2] == "write", bytes.fromhex(match[3]))


def _group(directive: str, name: str | None, complaints: list[str]) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except (KeyError, OSError):
        complaints.append(f'{directive}: this machine has no group "{name}", so nobody is let in by it')
        return None
