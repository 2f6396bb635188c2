"""Commands that are sent again because nobody knows whether they arrived: each is carried out once."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from ldirectord_py.api.problems import RequestRefused

KEPT_SECONDS = 600.0
"""So long is an answer given again."""
MOST_KEPT = 1_000
LONGEST_KEY = 200
KEY = r"^[!-~]+$"
"""What a key looks like: printable ASCII without blanks."""


@dataclass(slots=True)
class _Kept:
    """What became of a command, or will: *answer* is there when *done* is set, unless that went wrong."""

    body: bytes
    at: float
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: bytes | None = None


class Idempotency:
    """Keeps the answers to commands, by who gave them and the header `Idempotency-Key`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def once(self, who: str, key: str | None, body: bytes, do: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what *do* returns, or has returned to the same *body* under the same *key*; None: no key.

        What raises an error has not been done, and is done when it is sent again.
        """
        if key is None:
            return await do()
        if len(key) > LONGEST_KEY or not re.fullmatch(KEY, key):
            sentence = f"Idempotency-Key: expected 1 to {LONGEST_KEY} printable ASCII characters without blanks"
            raise RequestRefused(HTTPStatus.BAD_REQUEST, sentence)
        self._forget()
        while (kept := self._kept.get((who, key))) is not None:
            if kept.body != body:
                raise RequestRefused(HTTPStatus.CONFLICT, "this Idempotency-Key was for another command")
            await kept.done.wait()
            if kept.answer is not None:
                return kept.answer
        return await self._do((who, key), body, do)

    async def _do(self, name: tuple[str, str], body: bytes, do: Callable[[], Awaitable[bytes]]) -> bytes:
        kept = self._kept[name] = _Kept(body, self._clock())
        try:
            kept.answer = await do()
        finally:
            kept.done.set()
            if kept.answer is None:
                del self._kept[name]
        return kept.answer

    def _forget(self) -> None:
        """Drop answers that are too old, and the oldest of too many; what is under way stays."""
        oldest = self._clock() - KEPT_SECONDS
        for name, kept in list(self._kept.items()):
            if kept.at > oldest and len(self._kept) < MOST_KEPT:
                break
            if kept.done.is_set():
                del self._kept[name]
