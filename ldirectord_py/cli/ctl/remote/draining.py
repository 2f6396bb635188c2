"""A drain until its end: how many connections are left, and why some may not end."""

import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event

from ldirectord_py.cli.ctl.remote.daemon import Answer, Daemon, Refused, tell_line
from ldirectord_py.cli.ctl.reports.commands import left
from ldirectord_py.cli.terminal import tell
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.system.sysctls import EXPIRE_NODEST_CONN, EXPIRE_QUIESCENT_TEMPLATE, current

_EVERY = 1.0
_QUIET = 3.0
"""Seconds for which nothing is to be left: the daemon's counts are up to 2 seconds old, and a connection that had just
begun takes a moment to be counted as active."""
_KINDS = ("active", "inactive")
_NOT_FOUND = 404


class NoLongerDrained(DirectorError):
    """Somebody has taken the command back, or its time is over: new connections come."""


def wait_until_empty(daemon: Daemon, target: str, seconds: float | None, *, json: bool) -> str:
    """Tell how many connections *target* has until none is left; return why that did not come within *seconds*.

    That is a clause; it is empty if no connection is left.

    Raises `NoLongerDrained`, and `DirectorError` if the daemon ends.
    """
    pause, told = Event(), None
    deadline = None if seconds is None else time.monotonic() + seconds
    empty_since: float | None = None
    while True:
        servers, now = _servers(daemon, target), time.monotonic()
        if (found := counted(servers)) is not None and found != told:
            told = found
            _tell(found, servers, json=json)
        empty_since = (empty_since or now) if is_empty(servers) else None
        if empty_since is not None and now - empty_since >= _QUIET:
            return ""
        remaining = _EVERY if deadline is None else min(_EVERY, deadline - now)
        if remaining <= 0 and empty_since is None:
            return "the connections cannot be counted" if found is None else "connections are still open"
        if remaining <= 0:
            return ""
        pause.wait(remaining)


def _servers(daemon: Daemon, target: str) -> Sequence[Answer]:
    """Return the servers of *target*; a reload may have removed them, and their connections with them."""
    try:
        reals: Sequence[Answer] = daemon.get("/v1/reals", target=target)["reals"]
    except Refused as refused:
        if refused.status == _NOT_FOUND:
            return ()
        raise
    return reals


def is_empty(servers: Sequence[Answer]) -> bool:
    """Return whether nobody is served any more; raise `NoLongerDrained`.

    Over TCP, connections that have ended are remembered as inactive for some minutes, and are no reason to wait;
    elsewhere all are inactive.
    """
    for each in servers:
        if each["serving"]:
            raise NoLongerDrained(f"{each['name']} is drained no longer, and gets new connections")
    return not any(_unknown(each) or _left(each) for each in servers)


def _unknown(server: Answer) -> bool:
    """Return whether the connections of a server cannot be told now; one without an entry has none."""
    return server["connections"] is None and server["weight"]["kernel"] is not None


def _left(server: Answer) -> int:
    counts = server["connections"] or dict.fromkeys(_KINDS, 0)
    ended = 0 if server["virtual"].startswith("tcp:") else counts["inactive"]
    return int(counts["active"] + ended)


def counted(servers: Sequence[Answer]) -> Mapping[str, int] | None:
    """Return how many connections servers have together; None: that cannot be told now."""
    if any(map(_unknown, servers)):
        return None
    counts = [server["connections"] or {} for server in servers]
    return {kind: sum(each.get(kind, 0) for each in counts) for kind in _KINDS}


def _tell(found: Mapping[str, int], servers: Sequence[Answer], *, json: bool) -> None:
    if json:
        reals = [{"name": server["name"], "connections": server["connections"]} for server in servers]
        tell_line({"connections": found, "reals": reals})
    else:
        tell(left(found))


def explanations(virtuals: Sequence[Answer], setting: int | None, *, hard: bool) -> Iterator[str]:
    """Yield why connections of drained servers may not end, and with *hard* what that takes.

    *setting* is the kernel's `expire_quiescent_template`; None: it cannot be read here.
    """
    udp = any(virtual["name"].startswith("udp:") for virtual in virtuals)
    if udp:
        yield (
            "over UDP no connection ends: a client stays with its server until it has been silent for a while"
            " (300 s, or what 'ipvsadm --set' says)"
        )
    persistent = [virtual["name"] for virtual in virtuals if virtual.get("persistent")]
    if persistent and setting == 1:
        yield f"{', '.join(persistent)}: persistent clients go elsewhere with their next connection, for {_SET}"
    elif persistent:
        yield f"{', '.join(persistent)}: a persistent client comes back to its server, also while that is drained"
        if not hard:
            yield "--hard says what keeps it from that"
    if hard:
        yield from _what_it_takes(persistent, setting)
        if udp:
            yield _LET_GO


_LET_GO = (
    "to send clients over UDP elsewhere at once: with quiescent=no 'ldirectorctl maintain' takes the server out of the"
    f" table, and with {EXPIRE_NODEST_CONN} = 1 the kernel forgets who was sent to it"
)
_SET = f"{EXPIRE_QUIESCENT_TEMPLATE} is 1"


def _what_it_takes(persistent: Sequence[str], setting: int | None) -> Iterator[str]:
    if not persistent:
        yield "no virtual service concerned is persistent: no client comes back with a new connection"
    elif setting != 1:
        yield (
            f"to send them elsewhere: sysctl -w {EXPIRE_QUIESCENT_TEMPLATE}=1 (for every virtual service of this"
            " kernel; 'sysctls = yes' in the configuration sets it with each start)"
        )


def explained(daemon: Daemon, names: Sequence[str], *, hard: bool) -> Iterator[str]:
    """Yield what `explanations` says of the servers called *names*, which are full names."""
    virtuals = dict.fromkeys(name.partition("@")[2] for name in names)
    found = [daemon.virtual(each, view="summary") for each in virtuals]
    yield from explanations(found, current(EXPIRE_QUIESCENT_TEMPLATE), hard=hard)
