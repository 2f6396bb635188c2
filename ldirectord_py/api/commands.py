"""Commands: what operators want done, read from JSON and told as JSON."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldirectord_py.api.bodies import json_object
from ldirectord_py.api.callers import caller
from ldirectord_py.api.idempotency import Idempotency
from ldirectord_py.api.ports import ShownDirector
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.api.views import servers
from ldirectord_py.model.commands import (
    HIGHEST_WEIGHT,
    Command,
    Drain,
    Enable,
    Maintain,
    SetWeight,
    Target,
    target_name,
)
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.text.escaping import printable

KNOWN = ("drain", "maintain", "enable", "weight", "check", "reload")
LONGEST_REASON = 200
_LONGEST_SHOWN = 40
LONGEST_TIME = 10 * 365 * 86400.0
"""Seconds for which a command may hold: whoever wants more, leaves it out."""


class CommandHandlers:
    """The handlers of POST requests."""

    def __init__(self, director: ShownDirector, clock: Callable[[], float] = time.time) -> None:
        self._director = director
        self._clock = clock
        self._idempotency = Idempotency()

    async def carry_out(self, request: web.Request) -> web.Response:
        """Do what the body says, and tell what came of it."""
        raw, who = await request.read(), str(caller())
        asked = _Body(json_object(raw, '{"command": "reload"}'), self._clock())

        async def do() -> bytes:
            return json.dumps(await self._done(asked, who)).encode()

        key = request.headers.get("Idempotency-Key")
        answer = await self._idempotency.once(caller().name, key, raw, do)
        return web.Response(body=answer, content_type="application/json")

    async def _done(self, asked: "_Body", who: str) -> Mapping[str, Any]:
        name = asked.command
        if name == "reload":
            told = await self._director.reload(force=asked.force, by=who)
            return {"done": told["in_force"], "command": name, **told}
        name_of_target, force = asked.target, asked.force
        target = self._director.find(name_of_target)
        if name == "check":
            reals = self._director.check_now(target)
            notes = [] if reals else [f"nobody is checked of {printable(name_of_target)}"]
            return {"done": bool(reals), "command": name, "reals": self._unchanged(reals), "notes": notes}
        done = self._director.carry_out(asked.as_command(name, target, who), force=force)
        await self._director.refresh()
        open_now = {real.key: real.connections for real in self._director.reals([key for key, _, _ in done.changes])}
        return {
            "done": True,
            "command": name,
            "reals": [
                {
                    "name": target_name(key),
                    "before": servers.admin_as_json(before),
                    "after": servers.admin_as_json(after),
                    "connections": servers.connections_as_json(open_now.get(key)),
                }
                for key, before, after in done.changes
            ],
            "notes": [printable(note) for note in done.notes],
        }

    def _unchanged(self, keys: Sequence[RealKey]) -> list[Mapping[str, Any]]:
        return [
            {
                "name": target_name(real.key),
                "before": servers.admin_as_json(real.admin),
                "after": servers.admin_as_json(real.admin),
                "connections": servers.connections_as_json(real.connections),
            }
            for real in self._director.reals(keys)
        ]


class _Body:
    """What a command says; each property raises `RequestRefused` if it cannot be what it is to be."""

    def __init__(self, fields: Mapping[str, Any], now: float) -> None:
        self._fields = fields
        self._now = now
        known = _FIELDS.get(str(self.command))
        if known is None or not isinstance(self.command, str):
            raise _refused(f'"command": expected one of {", ".join(KNOWN)}')
        if unknown := [name for name in fields if name not in known]:
            sentence = f'"{printable(unknown[0][:40])}": {self.command} does not take this; it takes'
            raise _refused(f"{sentence} {', '.join(known)}")

    @property
    def command(self) -> object:
        return self._fields.get("command")

    @property
    def target(self) -> str:
        found = self._fields.get("target")
        if not isinstance(found, str) or not found:
            raise _refused('"target": expected the name of a real server, a host or a virtual service')
        return found

    @property
    def force(self) -> bool:
        found = self._fields.get("force", False)
        if not isinstance(found, bool):
            raise _refused('"force": expected true or false')
        return found

    def as_command(self, name: object, target: Target, who: str) -> Command:
        """Return the command for the director."""
        reason = self._reason
        match name:
            case "enable":
                return Enable(target=target, by=who, reason=reason)
            case "drain":
                return Drain(target=target, by=who, reason=reason, until=self._until)
            case "maintain":
                return Maintain(target=target, by=who, reason=reason, until=self._until)
            case _:
                return SetWeight(target=target, weight=self._weight, by=who, reason=reason, until=self._until)

    @property
    def _weight(self) -> int:
        found = self._fields.get("weight")
        if isinstance(found, float) and found.is_integer():
            found = int(found)  # JSON has one kind of number
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= HIGHEST_WEIGHT:
            raise _refused(f'"weight": expected a whole number from 0 to {HIGHEST_WEIGHT:,}, but got {_shown(found)}')
        return found

    @property
    def _reason(self) -> str:
        found = self._fields.get("reason", "")
        if not isinstance(found, str) or len(found) > LONGEST_REASON:
            got = f"{len(found):,} characters" if isinstance(found, str) else _shown(found)
            raise _refused(f'"reason": expected a text of at most {LONGEST_REASON} characters, but got {got}')
        return printable(found)

    @property
    def _until(self) -> float | None:
        if "for" in self._fields and "until" in self._fields:
            raise _refused('expected "for" or "until", not both')
        if (seconds := self._seconds("for")) is not None:
            return self._now + seconds
        return self._seconds("until")

    def _seconds(self, name: str) -> float | None:
        if name not in self._fields:
            return None
        found = self._fields[name]
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < math.inf:
            raise _refused(f'"{name}": expected seconds, but got {_shown(found)}')
        if name == "for" and found > LONGEST_TIME:
            raise _refused('"for": expected 10 years at most')
        if name == "until" and found > self._now + LONGEST_TIME:  # a conflict with what time it is, no bad word
            raise RequestRefused(HTTPStatus.CONFLICT, '"until": expected a time within the next 10 years')
        return float(found)


_ORDER = ("command", "target", "for", "until", "reason", "force")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "drain": _ORDER,
    "maintain": _ORDER,
    "weight": ("weight", *_ORDER),
    "enable": ("command", "target", "reason", "force"),
    "check": ("command", "target", "force"),
    "reload": ("command", "force"),
}
"""What each command may say."""


def _shown(value: object) -> str:
    """Return *value* as it stands in a body, or how it begins."""
    text = printable(json.dumps(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."


def _refused(sentence: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
