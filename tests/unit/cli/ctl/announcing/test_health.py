"""How VIPs are, by the daemon's answers."""

from ipaddress import ip_address
from typing import Any

import pytest

from ldirectord_py.cli.ctl.announcing.health import AnnouncingRules, sight
from ldirectord_py.cluster.announcing.policy import Policy, VipHealth
from tests.peers.api_answers import status, virtual

VIP = ip_address("10.0.0.1")


def seen(*virtuals: dict[str, Any], rules: AnnouncingRules | None = None, **more: Any) -> dict[str, bool]:
    found = sight(status(**more), virtuals, rules or AnnouncingRules())
    return {str(vip): health.served for vip, health in found.vips.items()}


@pytest.mark.parametrize(
    ("mode", "weight", "fallback", "expected"),
    [
        ("reals", 3, False, VipHealth(served=True, why="tcp:10.0.0.1:80 is served")),
        ("reals", 0, False, VipHealth(served=False, why="every real server of tcp:10.0.0.1:80 has weight 0")),
        ("fallback", 0, False, VipHealth(served=False, why="only the fallback serves tcp:10.0.0.1:80")),
        ("fallback", 0, True, VipHealth(served=True, why="only the fallback serves tcp:10.0.0.1:80")),
        ("nobody", 0, True, VipHealth(served=False, why="no real server of tcp:10.0.0.1:80 serves")),
    ],
)
def test_a_virtual_service_is_served_by_a_real_server_with_a_weight(
    mode: str, weight: int, fallback: bool, expected: VipHealth
) -> None:
    told = virtual("tcp:10.0.0.1:80", mode=mode, weight=weight)
    assert sight(status(), [told], AnnouncingRules(fallback=fallback)).vips == {VIP: expected}


def test_vips_are_of_both_families_and_of_the_marks_that_have_one() -> None:
    names = ["tcp:10.0.0.1:80", "udp:[2001:db8::1]:53", "fwm:5", "fwm6:5", "fwm:6"]
    virtuals = [virtual(name, weight=1) for name in names]
    assert seen(*virtuals) == {"10.0.0.1": True, "2001:db8::1": True}
    marks = {"fwm:5": ip_address("10.0.0.9"), "fwm6:5": ip_address("2001:db8::9")}
    assert seen(*virtuals, rules=AnnouncingRules(marks=marks)).keys() == {
        "10.0.0.1",
        "2001:db8::1",
        "10.0.0.9",
        "2001:db8::9",
    }
    assert seen(*virtuals, rules=AnnouncingRules(only=frozenset((VIP,)))) == {"10.0.0.1": True}


def test_the_role_and_whether_all_were_checked() -> None:
    role = {"role": "standby", "source": "/run/role", "since": None}
    found = sight(status(role=role, first_pass=False), [], AnnouncingRules())
    assert (found.standby, found.complete) == (True, False)
    found = sight(status(), [], AnnouncingRules())
    assert (found.standby, found.complete) == (False, True)


def test_a_vip_of_which_only_some_services_are_served_is_judged_by_its_own_policy() -> None:
    virtuals = [virtual("tcp:10.0.0.1:80", weight=1), virtual("tcp:10.0.0.1:443", mode="nobody", weight=0)]
    assert seen(*virtuals) == {"10.0.0.1": True}
    assert seen(*virtuals, rules=AnnouncingRules(policies={VIP: Policy.ALL})) == {"10.0.0.1": False}
    assert seen(*virtuals, rules=AnnouncingRules(policy=Policy.ALL, policies={VIP: Policy.ANY})) == {"10.0.0.1": True}
