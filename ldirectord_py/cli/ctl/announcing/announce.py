"""`ldirectorctl announce`: VIPs that are announced over BGP while they are served."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ldirectord_py.cli.ctl.announcing.following import AnnouncingWork, Manner, Speaker
from ldirectord_py.cli.ctl.announcing.health import AnnouncingRules, sight
from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, tell_json
from ldirectord_py.cli.ctl.remote.feed import Feed, FeedQuestion
from ldirectord_py.cli.ctl.remote.times import length
from ldirectord_py.cli.rendering import TableRow, tell_rows
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.cli.typed import address
from ldirectord_py.cluster.announcing.announcer import Announcer, Delays, Form, Stand
from ldirectord_py.cluster.announcing.bird import Bird
from ldirectord_py.cluster.announcing.exabgp import ExaBgp
from ldirectord_py.cluster.announcing.policy import Policy
from ldirectord_py.cluster.announcing.route import Community, community_of, prefix
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.errors import DirectorError

T = TypeVar("T")

_DESCRIPTION = """\
Announce each VIP to routers over BGP while it is served, and withdraw it while it is not. ExaBGP starts the command
as a process of its own; with --sink bird it writes a file that BIRD's configuration includes, and has BIRD read it.

A VIP is served if one of its virtual services is, with --policy all if all are: a real server of it serves, with a
weight above 0. One that nobody serves is withdrawn at once, and announced again once it was served for --hold
without a break. On standby, while the file of --disable is there, and at SIGTERM all VIPs are announced with the
community GRACEFUL_SHUTDOWN (RFC 8326) for --graceful, and withdrawn afterwards. While the daemon cannot be asked, what
is announced stays for --grace: a restart withdraws nothing. What is done is told on standard error.

With --show nothing is announced: it says what would be and why, and the exit status is 2 if a VIP would not.
"""
_SINKS = ("exabgp", "bird")
_BIRD_FILE = "/run/ldirectord-announce/bird.conf"
_BIRD_SOCKET = "/run/bird/bird.ctl"
_QUESTION = FeedQuestion(view="summary", pause=10, longest=5, healthy=True)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--sink", choices=_SINKS, default="exabgp", help="who speaks BGP; exabgp unless told otherwise")
    _add_health(parser)
    _add_delays(parser)
    _add_routes(parser)
    parser.add_argument("--show", action="store_true", help="say what would be announced now, and end")
    parser.add_argument("--json", action="store_true", help="with --show: one JSON object, for programs")
    add_arguments(parser)


def _add_health(parser: ArgumentParser) -> None:
    """Add what says which VIPs there are, and when one is served."""
    add = parser.add_argument
    add(
        "--policy",
        metavar="POLICY",
        action="append",
        default=[],
        type=_of_vip(_policy),
        help="how many virtual services of a VIP have to be served: any or all; VIP=POLICY for one; may be repeated",
    )
    add("--with-fallback", action="store_true", help="a virtual service that its fallback serves is served")
    add("--only", metavar="VIP", action="append", default=[], type=address, help="this VIP alone; may be repeated")
    add(
        "--mark",
        metavar="MARK=VIP",
        action="append",
        default=[],
        type=_mark,
        help="the VIP of a firewall mark, such as fwm:5=192.0.2.1; may be repeated",
    )


def _add_delays(parser: ArgumentParser) -> None:
    """Add what says how long is waited."""
    usual = Delays()
    add = parser.add_argument
    add(
        "--hold",
        metavar="DURATION",
        action="append",
        default=[],
        type=_of_vip(_delay),
        help=f"how long a VIP has to be served to be announced again; {usual.hold:g} s; VIP=DURATION for one VIP",
    )
    for name, default, help_ in (
        ("graceful", usual.graceful, "how long GRACEFUL_SHUTDOWN is announced before a withdrawal on purpose"),
        ("grace", usual.grace, "how long the daemon may keep silent"),
    ):
        add(f"--{name}", metavar="DURATION", type=_delay, default=default, help=f"{help_}; {default:g} s")


def _add_routes(parser: ArgumentParser) -> None:
    """Add what says how a VIP is announced, and through whom."""
    add = parser.add_argument
    add(
        "--community",
        metavar="N:N",
        action="append",
        default=[],
        type=_community,
        help="a community of each route, or a large one (N:N:N); may be repeated",
    )
    add("--disable", metavar="FILE", type=Path, help="announce nothing while FILE is there")
    add(
        "--next-hop",
        metavar="ADDRESS",
        action="append",
        default=[],
        type=address,
        help="for ExaBGP, one of each family; its own address unless told otherwise",
    )
    add("--bird-file", metavar="PATH", type=Path, help=f"what is written for BIRD; {_BIRD_FILE}")
    add("--bird-socket", metavar="PATH", type=Path, help=f"BIRD's control socket; {_BIRD_SOCKET}")


def _community(word: str) -> Community:
    try:
        return community_of(word)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _mark(word: str) -> tuple[str, IPAddress]:
    name, _, vip = word.partition("=")
    kind, _, mark = name.partition(":")
    if kind not in ("fwm", "fwm6") or not mark.isdecimal():
        raise ArgumentTypeError(f"expected a firewall mark and its VIP, such as fwm:5=192.0.2.1, but got {word}")
    return name, address(vip)


def _of_vip(value: Callable[[str], T]) -> Callable[[str], tuple[IPAddress | None, T]]:
    """Return what reads a *value* that is for all VIPs, or behind one of them and an equals sign for that one."""

    def read(word: str) -> tuple[IPAddress | None, T]:
        vip, sign, rest = word.rpartition("=")
        return (address(vip) if sign else None), value(rest)

    return read


def _policy(word: str) -> Policy:
    try:
        return Policy(word)
    except ValueError as error:
        raise ArgumentTypeError(f"expected {' or '.join(Policy)}, but got {word}") from error


def _split(said: Sequence[tuple[IPAddress | None, T]], usual: T) -> tuple[T, Mapping[IPAddress, T]]:
    """Return what is *said* of all VIPs, *usual* if nothing is, and what of single ones; of several the last counts."""
    values = dict(said)
    return values.pop(None, usual), {vip: value for vip, value in values.items() if vip is not None}


def _delay(word: str) -> float:
    return 0.0 if word in ("0", "0s") else length(word)


def _run(asked: Namespace) -> ExitStatus:
    _check(asked)
    policy, policies = _split(asked.policy, Policy.ANY)
    rules = AnnouncingRules(
        policy=policy,
        policies=policies,
        fallback=asked.with_fallback,
        only=frozenset(asked.only),
        marks=dict(asked.mark),
    )
    if asked.show:
        return _show(asked, rules)
    hold, holds = _split(asked.hold, Delays().hold)
    manner = Manner(
        rules=rules,
        delays=Delays(hold=hold, holds=holds, graceful=asked.graceful, grace=asked.grace),
        communities=tuple(asked.community),
        disable=asked.disable,
    )
    feed = Feed(lambda: daemon_of(asked), _QUESTION)
    if asked.sink == "exabgp":
        AnnouncingWork(manner, feed, _exabgp(asked)).run(sys.stdin.fileno())
    else:
        AnnouncingWork(manner, feed, _bird(asked)).run(None)
    return ExitStatus.FINE


def _check(asked: Namespace) -> None:
    """Raise `DirectorError` if options contradict each other, and `OSError` if nobody can see the file of --disable."""
    if asked.sink == "bird" and asked.next_hop:
        raise DirectorError("--next-hop is for ExaBGP: BIRD's configuration says which next hop it tells")
    if asked.sink == "exabgp" and (asked.bird_file or asked.bird_socket):
        raise DirectorError("--bird-file and --bird-socket are for BIRD: add --sink bird")
    if len({hop.version for hop in asked.next_hop}) < len(asked.next_hop):
        raise DirectorError("--next-hop takes one address of each family")
    if asked.json and not asked.show:
        raise DirectorError("--json is for --show")
    if asked.disable is not None:
        asked.disable.exists()


def _exabgp(asked: Namespace) -> Speaker:
    return ExaBgp(sys.stdout, {hop.version: hop for hop in asked.next_hop})


def _bird(asked: Namespace) -> Speaker:
    return Bird(asked.bird_file or Path(_BIRD_FILE), asked.bird_socket or Path(_BIRD_SOCKET))


def _show(asked: Namespace, rules: AnnouncingRules) -> ExitStatus:
    daemon = daemon_of(asked)
    seen = sight(daemon.status(), daemon.get("/v1/virtuals", view=_QUESTION.view)["virtuals"], rules)
    announcer = Announcer(Delays(hold=0, graceful=0, grace=0), 0)
    announcer.see(seen, 0)
    if asked.disable is not None and asked.disable.exists():
        announcer.hold_back(f"{asked.disable} is there", 0)
    stands = announcer.stands(0) or {}
    if asked.json:
        tell_json({"vips": [_as_json(vip, stand) for vip, stand in stands.items()]})
    elif stands:
        tell_rows([_row(vip, stand) for vip, stand in stands.items()])
    else:
        tell("no virtual service has a VIP that could be announced")
    return ExitStatus.FINE if all(stand.form.announced for stand in stands.values()) else ExitStatus.FOUND


def _as_json(vip: IPAddress, stand: Stand) -> Mapping[str, object]:
    return {"vip": str(vip), "prefix": prefix(vip), "announced": stand.form.announced, "why": stand.why}


def _row(vip: IPAddress, stand: Stand) -> TableRow:
    style = Style.GREEN if stand.form is Form.ANNOUNCED else Style.RED
    cells = (prefix(vip), "announced" if stand.form.announced else "not announced", stand.why)
    return TableRow("  ".join(cells), cells, style)


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
