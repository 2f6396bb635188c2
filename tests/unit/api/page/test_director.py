from typing import Any

import pytest

from ldirectord_py.api.page.director import MOST_VIPS, problems, says, vips
from tests.unit.api.page.documents import NOW, status
from tests.unit.api.page.test_overview import TAKEN

VIP = {
    "address": "192.0.2.1",
    "state": "held",
    "held": True,
    "device": "eth0",
    "label": "eth0:1",
    "since": NOW - 240,
    "trouble": "",
}


def told(**daemon: Any) -> list[tuple[str, str, str]]:
    return [(each.level, each.kind, each.subject) for each in problems(status(**daemon), NOW)]


def test_a_director_in_good_health_has_no_problems() -> None:
    assert told(vips=[VIP]) == []


@pytest.mark.parametrize(
    ("daemon", "expected"),
    [
        ({"healthy": False}, ("bad", "daemon", "The daemon")),
        ({"table": {"kind": "kernel", "reachable": True, "agrees": False}}, ("warning", "table", "The IPVS table")),
        ({"refused_at": NOW, "refused": ["a.cf:3: no"]}, ("warning", "config", "The configuration")),
        ({"role": {"role": "standby", "source": "vip", "since": None}}, ("note", "standby", "This director")),
        ({"vips": [TAKEN]}, ("bad", "vip", "192.0.2.2")),
        ({"vips": [VIP | {"trouble": "eth1 has no carrier"}]}, ("warning", "vip", "192.0.2.1")),
        ({"vips": [TAKEN] * 5}, ("bad", "vip", "5 VIPs")),
    ],
)
def test_what_is_wrong_is_told(daemon: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert told(**daemon) == [expected]


def test_what_says_the_role_is_told() -> None:
    assert says({"source": "/run/role"}) == "/run/role"
    assert says({"source": "standby"}) == "the configuration"


def test_vips_come_with_their_place_those_first_with_which_something_is_wrong() -> None:
    found = vips([VIP, TAKEN], NOW)
    assert found is not None
    assert found.summary == "1 of 2 is here"
    assert [(vip.address, vip.where, vip.mark, vip.told) for vip in found.shown] == [
        ("192.0.2.2", "eth0", "down", "not here; 02:00:00:00:00:07 on eth0 has it"),
        ("192.0.2.1", "eth0:1", "up", "here"),
    ]
    assert found.shown[0].since.words == "1 min"


def test_a_director_that_brings_none_up_and_one_that_brings_many_up() -> None:
    assert vips([], NOW) is None
    found = vips([VIP] * (MOST_VIPS + 7), NOW)
    assert found is not None
    assert (found.summary, len(found.shown), found.more) == ("All 207 are here", MOST_VIPS, 7)
    one = vips([VIP], NOW)
    assert one is not None
    assert one.summary == "The only one is here"
