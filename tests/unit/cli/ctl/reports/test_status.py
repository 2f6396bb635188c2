"""How the daemon and its virtual services are, in words."""

import pytest

from ldirectord_py.cli.blocks import Plain
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.status import head, is_out, overview, services
from ldirectord_py.cli.ctl.reports.words import clock
from tests.faults.injections import CORPUS, unsafe
from tests.peers.api_answers import ADMIN, NOW, down, draining, server, status, virtual

WEB = virtual(
    "tcp:10.0.0.1:80",
    down(),
    draining(),
    servers={"total": 3, "up": 1, "down": 1, "draining": 1, "maintenance": 0, "unknown": 0},
)
DNS = virtual("udp:10.0.0.1:53", server("10.0.0.5:53", "udp:10.0.0.1:53"), connections=None, rates=None)

VIP = {"address": "10.0.0.1", "held": True, "device": "eth0", "label": "eth0:1", "since": NOW - 60, "trouble": ""}

OVERVIEW = """\
web.cf  pid 801, running for 2 h on /etc/ha.d/web.cf; the kernel's table agrees

VIRTUAL          SCHEDULER  SERVERS                   ACTIVE  INACTIVE  NEW/S
tcp:10.0.0.1:80  wlc        1 up, 1 down, 1 draining   1,200        34     12
udp:10.0.0.1:53  wlc        1 up

  10.0.0.6:80@tcp:10.0.0.1:80  down for 3 min 20 s: GET /: 404, expected 2xx; 1 more success brings it back
  10.0.0.7:80@tcp:10.0.0.1:80  draining for 1 min: drained by root (pid 801): "disk swap"; 12 connections still open
"""

SERVICE = """\
VIRTUAL          SCHEDULER  SERVERS  ACTIVE  INACTIVE  NEW/S
tcp:10.0.0.1:80  wlc        1 up      1,200        34     12

  SERVER       STATUS  WEIGHT  ACTIVE  INACTIVE
  10.0.0.5:80  up      3           12     3,456  up for 1 h
"""


def shown(*virtuals: dict[str, object], **more: object) -> str:
    return Plain().written(overview(status(*virtuals, **more), virtuals, NOW))


def test_an_overview_has_a_line_for_each_virtual_service_and_one_for_each_server_that_is_not_up() -> None:
    summary = [WEB, {**DNS, "reals": []}]
    assert Plain().written(overview(status(WEB, DNS), summary, NOW)) == OVERVIEW


def test_of_what_is_not_up_alone() -> None:
    lines = Plain().written(overview(status(WEB, DNS), [WEB, {**DNS, "reals": []}], NOW, down=True))
    assert "tcp:10.0.0.1:80" in lines
    assert "udp:" not in lines


def test_a_virtual_service_is_shown_with_all_of_its_servers() -> None:
    assert Plain().written(services([virtual("tcp:10.0.0.1:80", server())], NOW)) == SERVICE


def test_all_is_well() -> None:
    assert shown({**DNS, "reals": []}).endswith("\n\nThe one server is up.\n")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"table": {"kind": "kernel", "reachable": False, "agrees": True}}, "the kernel's table cannot be reached"),
        ({"table": {"kind": "memory", "reachable": True, "agrees": True}}, "the table in memory agrees"),
        ({"table": {"kind": "kernel", "reachable": True, "agrees": False}}, "the kernel's table differs"),
        ({"refused_at": NOW - 60, "refused": ["web.cf:3: no good"]}, "\n  web.cf:3: no good\n"),
        ({"first_pass": False}, "Not every server has been checked yet."),
        ({"vips": [VIP]}, "1 of 1 VIP is here: 10.0.0.1 (eth0:1)\n"),
        (
            {"vips": [VIP, {**VIP, "held": False, "trouble": "02:00:00:00:00:07 on eth0 has it"}]},
            "1 of 2 VIPs is here: 10.0.0.1 (eth0:1)\n  10.0.0.1: 02:00:00:00:00:07 on eth0 has it (for 1 min)\n",
        ),
    ],
)
def test_what_is_wrong_with_the_daemon_stands_at_the_head(more: dict[str, object], expected: str) -> None:
    assert expected in Plain().written(head(status(**more), NOW))


@pytest.mark.parametrize(
    ("mode", "out", "expected"),
    [
        ("reals", False, "0 up, 1 down"),
        ("fallback", True, "0 up, 1 down: the fallback 127.0.0.1:80 serves"),
        ("nobody", True, "0 up, 1 down: nobody serves"),
    ],
)
def test_who_serves_instead(mode: str, out: bool, expected: str) -> None:
    shut = virtual("tcp:10.0.0.1:80", down(), mode=mode, fallback="127.0.0.1:80")
    assert is_out(shut) is out
    assert f"  {expected}  " in shown(shut)


FAILING = {"failures": 2, "takes": "3 more failures", "detail": "refused", "asked": ""}
TIMED_OUT = {"takes": "2 more successes", "asked": "", "detail": "", "reason": "timeout"}
NEW = {"state": "unknown", "status": "unknown", "takes": "1 more success"}
MAINTAINED = {
    "state": "down",
    "reason": "maintenance",
    "detail": "Server in maintenance",
    "status": "maintenance",
    "serving": False,
    "maintenance_file": "one",
    "connections": None,
    "takes": "",
    "why": [{"who": "file", "sentence": "is in maintenance", "since": NOW - 90, "until": None}],
}
WEIGHED = {"admin": {**ADMIN, "kind": "weight", "weight": 1, "scope": "10.0.0.5"}}


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (server(), "up for 1 h"),
        (server(**FAILING), "up for 1 h: 2 failures in a row: refused; 3 more failures take it out"),
        (down(**TIMED_OUT), "down for 3 min 20 s: timeout; 2 more successes bring it back"),
        (
            draining(**TIMED_OUT, state="down", connections=None),
            (
                'draining for 1 min: drained by root (pid 801): "disk swap"; timeout; '
                "once it is enabled, 2 more successes bring it back"
            ),
        ),
        (
            draining(**FAILING, connections=None),
            'draining for 1 min: drained by root (pid 801): "disk swap"; 2 failures in a row: refused',
        ),
        (server(**NEW), "not checked yet; 1 more success brings it in"),
        (server(**MAINTAINED), "in maintenance for 1 min 30 s: there is a file 'one' in maintenancedir"),
        (server(**WEIGHED), 'up for 1 h: weight 1, set by root (pid 801) with all of 10.0.0.5: "disk swap"'),
        (server(until=NOW + 60), f"up for 1 h; changes by itself at {clock(NOW + 60, NOW)}"),
    ],
)
def test_a_server_in_words(about: dict[str, object], expected: str) -> None:
    assert servers.words(about, NOW) == expected


@pytest.mark.parametrize(
    ("weights", "cell", "expected"),
    [
        ((3, 3, 3), "3", ""),
        ((3, 0, 0), "3 → 0", ""),
        ((3, None, None), "3 → out", ""),
        ((3, 3, 0), "3 (table: 0)", "; the table has weight 0 instead of weight 3"),
        ((3, 3, None), "3 (table: none)", "; the table has no entry instead of weight 3"),
        ((3, None, 3), "3 → out (table: 3)", "; the table has weight 3 instead of no entry"),
    ],
)
def test_weights_as_far_as_they_differ(weights: tuple[int, int | None, int | None], cell: str, expected: str) -> None:
    about = server(weight=dict(zip(("configured", "effective", "kernel"), weights, strict=True)))
    assert servers.weights(about) == cell
    assert servers.words(about, NOW) == f"up for 1 h{expected}"


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_what_others_wrote_is_shown_as_text(text: str) -> None:
    about = down(detail=text, asked=text, admin={**ADMIN, "reason": text, "by": text}, maintenance_file=text)
    assert not unsafe(shown(virtual("tcp:10.0.0.1:80", about, servicename=text, comment=text)).encode())
