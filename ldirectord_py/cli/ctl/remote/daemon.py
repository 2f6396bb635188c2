"""A running daemon, asked over its API."""

import json
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ldirectord_py.cli.ctl.remote.choosing import NoDaemon, chosen
from ldirectord_py.cli.daemon.control_client import ApiProblem, ConnectionEnded, ask
from ldirectord_py.cli.terminal import tell
from ldirectord_py.model.errors import DirectorError

API = 1
"""The version of the API that is spoken here."""
Answer = Mapping[str, Any]
"""A JSON object of the API."""


class Refused(DirectorError):
    """The daemon refused; *status* is HTTP's, *kind* the name of the problem where it has one."""

    def __init__(self, sentence: str, status: int, kind: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.kind = kind


class Daemon:
    """The daemon that listens at *socket*."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    def get(self, path: str, *, seconds: float = 5.0, **query: object) -> Answer:
        """Return what the daemon answers at *path*; raise `DirectorError` if it does not, within *seconds*."""
        return self._asked(located(path, query), None, seconds)

    def post(self, path: str, body: Answer, *, seconds: float = 30.0, **query: object) -> Answer:
        """Have the daemon do what *body* says; return its answer, or raise `DirectorError`."""
        return self._asked(located(path, query), body, seconds)

    def status(self) -> Answer:
        """Return what the daemon says of itself; raise `DirectorError` if it speaks another version of the API."""
        status = self.get("/v1/status")
        if status["api"] != API:
            raise DirectorError(
                f"the daemon speaks version {status['api']} of the API, and this ldirectorctl version {API}:"
                " use the one that came with the daemon"
            )
        return status

    def virtual(self, name: str, view: str = "full") -> Answer:
        """Return the virtual service of that name, with all of its servers, or in a `summary` those that are not up."""
        return self.get(f"/v1/virtuals/{quote(name, safe=':')}", view=view)

    def _asked(self, target: str, body: Answer | None, seconds: float) -> Answer:
        try:
            answer = ask(self.socket, target, body, seconds=seconds)
        except ConnectionEnded:
            answer = None
        except ApiProblem as problem:
            kind = str(problem.problem.get("type", "")).rpartition(":")[2]
            raise Refused(_with_candidates(str(problem), problem.problem), problem.status, kind) from problem
        if answer is None:
            raise NoDaemon(f"the daemon at {self.socket} has ended")
        return answer


def daemon_of(asked: Namespace) -> Daemon:
    """Return the daemon that the command line means; raise `NoDaemon`."""
    return Daemon(chosen(asked).socket)


def located(path: str, query: Mapping[str, object]) -> str:
    """Return a path with a query of what is not None."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def tell_json(value: object) -> None:
    """Write the API's own JSON to standard output."""
    tell(json.dumps(value, indent=2))


def tell_line(value: object) -> None:
    """Write JSON to standard output as one line of several."""
    tell(json.dumps(value))


def now() -> float:
    """Return the time in seconds since the epoch."""
    return time.time()


def _with_candidates(sentence: str, problem: Answer) -> str:
    named = [str(each) for each in problem.get("candidates") or ()]
    if all(name in sentence for name in named):
        return sentence
    return "\n".join([f"{sentence}:", *(f"  {name}" for name in named)])
