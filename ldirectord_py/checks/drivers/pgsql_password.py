"""Keeps the hashing of a password for PostgreSQL out of the loop (SCRAM, RFC 5802 §3).

The server says how many rounds there are to be.  asyncpg does them all at once where it is, in the loop: the usual
4,096 take a millisecond, the two thousand million that a server may ask for would take ten minutes.
"""

import hashlib
from collections import OrderedDict
from functools import cache
from typing import Any

from ldirectord_py.checks.misasked import Misasked

AT_ONCE = 8192
"""Rounds that are done in the loop, within some 2 ms: a pooler may have a new salt for each connection."""
MOST_ROUNDS = 1_000_000
"""Rounds that are done at all, in a thread, within some 0.3 s."""
_MOST_KEPT = 1024

_kept: OrderedDict[tuple[bytes, bytes, int], bytes] = OrderedDict()


class NotHashed(Exception):
    """A password has to be hashed first; its message holds nothing of it."""

    def __init__(self, password: bytes, salt: bytes, rounds: int) -> None:
        super().__init__(f"a password to be hashed {rounds} times")
        self._key = (password, salt, rounds)
        self.rounds = rounds

    def hash(self) -> None:
        """Hash it, and keep the result for the next time; to be called in a thread."""
        _kept[self._key] = hashlib.pbkdf2_hmac("sha256", *self._key)
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)


class _Hashlib:
    """Stands for `hashlib` in asyncpg, and hashes no password for long."""

    def __getattr__(self, name: str) -> Any:
        return getattr(hashlib, name)

    def pbkdf2_hmac(self, name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        """Do what `hashlib.pbkdf2_hmac` does; raises `NotHashed` where that would take long."""
        if iterations <= AT_ONCE:
            return hashlib.pbkdf2_hmac(name, password, salt, iterations)
        key = (password, salt, iterations)
        if key not in _kept:
            raise NotHashed(password, salt, iterations)
        _kept.move_to_end(key)
        return _kept[key]


@cache
def bound_hashing(protocol: Any) -> None:
    """Have asyncpg's module *protocol*, which offers no other way to say so, hash within bounds.

    Raises `Misasked` where it does not heed them: before 0.32 it hashes in a loop of its own, which takes 10 ms.
    """
    protocol.hashlib = _Hashlib()
    try:
        protocol.SCRAMAuthentication(b"SCRAM-SHA-256")._generate_salted_password("", b"", AT_ONCE + 1)  # noqa: SLF001  # nothing else tells
    except NotHashed:
        return
    except (AttributeError, TypeError):  # it is another one than we know
        pass
    raise Misasked("service", "service pgsql needs asyncpg 0.32 or later: pip install -U 'ldirectord-py[pgsql]'")
