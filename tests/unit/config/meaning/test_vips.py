"""Where the director is to bring VIPs up itself, and what speaks against it."""

from dataclasses import replace

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.model.cluster.vips import VipPlace
from ldirectord_py.model.errors import ConfigRejected

SECTION = "virtual={}\n\treal=10.0.0.5:80 gate\n\tchecktype=connect\n"


def places(text: str) -> list[VipPlace | None]:
    return [virtual.vips for virtual in parse(text.encode(), "web.cf").virtuals]


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        parse(text.encode(), "web.cf")
    return [str(problem) for problem in caught.value.problems]


def test_the_section_says_it_for_its_virtual_and_the_global_line_for_the_others() -> None:
    one, two, three = (SECTION.format(f"10.0.0.1:{port}") for port in (80, 81, 82))
    assert places(f"{one}{two}") == [None, None]
    assert places(f"vips=yes\n{one}\tvips=no\n{two}\tvips=eth1\n{three}") == [None, VipPlace("eth1"), VipPlace()]


@pytest.mark.parametrize("address", ["127.0.0.1", "224.0.0.1", "169.254.0.1"])
def test_an_address_that_nobody_comes_to_is_refused(address: str) -> None:
    expected = f"web.cf:2: vips: {address} is no address that clients come to; write vips=no in this section"
    assert refused(f"vips=yes\n{SECTION.format(f'{address}:80')}") == [expected]
    assert places(f"vips=yes\n{SECTION.format(f'{address}:80')}\tvips=no\n") == [None]


def test_one_address_cannot_be_on_two_interfaces() -> None:
    one, two = (SECTION.format(f"10.0.0.1:{port}") + f"\tvips=eth{port % 2}\n" for port in (80, 81))
    expected = "web.cf:5: vips: 10.0.0.1 cannot be on eth1: it is wanted on eth0, from line 1 on"
    assert refused(f"{one}{two}") == [expected]
    assert len(places(f"{one}{two.replace('vips=eth1', 'vips=yes')}")) == 2


def test_a_firewall_mark_has_no_address() -> None:
    config = parse(f"vips=yes\n{SECTION.format('5')}\tvips=yes\n".encode(), "web.cf")
    assert [str(problem) for problem in config.warnings] == [
        "web.cf:5: warning: vips: a firewall mark has no address to bring up"
    ]
    assert config.virtuals[0].vips is None


def test_an_interface_that_is_not_there_is_a_warning_since_it_may_come() -> None:
    text = f"vips=nosuch0\n{SECTION.format('10.0.0.1:80')}"
    config = parse(text.encode(), "web.cf", replace(HERE, check_paths=True))
    (problem,) = [problem for problem in config.warnings if problem.text.startswith("vips")]
    expected = "there is no interface nosuch0 here; 10.0.0.1 is brought up as soon as there is one"
    assert str(problem) == f"web.cf:1: warning: vips: {expected}"


def test_an_address_that_decides_on_the_role_is_not_moved_by_it() -> None:
    section = SECTION.format("10.0.0.1:80")
    sentence = "vips: with role=vip somebody else moves the VIP, and the director follows; leave one of the two out"
    assert refused(f"role=vip\nvips=yes\n{section}") == [f"web.cf:2: {sentence}"]
    assert refused(f"role=vip:10.0.0.1\n{section}\tvips=yes\n") == [f"web.cf:1: {sentence}"]
    assert places(f"role=vip:10.0.0.9\nvips=yes\n{section}") == [VipPlace()]
