"""Steps that make a machine a real server: which are missing, which are undone, and how they are kept."""

from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.network import Device, HeldAddress, Network
from ldirectord_py.cluster.realserver.steps import (
    _SETTING,
    AddAddress,
    RaiseDevice,
    SetSetting,
    SetUpRefused,
    SetupStep,
    as_json,
    of_json,
    refuse,
    steps,
    to_undo,
)
from ldirectord_py.model.address import IPAddress

VIP, OTHER, VIP6 = ip_address("192.0.2.100"), ip_address("192.0.2.101"), ip_address("2001:db8::100")
DEVICES = {
    "lo": Device(name="lo", arp=False),
    "eth0": Device(name="eth0"),
    "tunl0": Device(name="tunl0", arp=False, up=False),
    "ip6tnl0": Device(name="ip6tnl0", arp=False, up=False),
}
BARE = Network(devices=DEVICES)


def holding(*held: tuple[IPAddress, int, str]) -> Network:
    addresses = tuple(HeldAddress(address=address, length=length, device=device) for address, length, device in held)
    return Network(devices=DEVICES, addresses=addresses)


def settings(values: Mapping[str, int]) -> Mapping[str, int]:
    """Return all settings: 0 but for these, each by the end of its name."""
    names = [
        f"net.ipv4.conf.{device}.{kind}"
        for device in ("all", "lo", "tunl0")
        for kind in ("arp_ignore", "arp_announce", "rp_filter")
    ]
    return {name: values.get(name.removeprefix("net.ipv4.conf."), 0) for name in names}


def missing(vips: list[IPAddress], network: Network = BARE, *, tunnel: bool = False, **values: int) -> list[str]:
    known = settings({name.replace("__", "."): value for name, value in values.items()})
    return [str(step) for step in steps(vips, network, known.get, tunnel=tunnel)]


def test_a_bare_machine_is_silenced_before_it_has_the_address() -> None:
    assert missing([VIP, VIP6]) == [
        "net.ipv4.conf.all.arp_ignore 0 → 1",
        "net.ipv4.conf.all.arp_announce 0 → 2",
        "net.ipv4.conf.lo.arp_ignore 0 → 1",
        "net.ipv4.conf.lo.arp_announce 0 → 2",
        "192.0.2.100/32 on lo",
        "2001:db8::100/128 on lo",
    ]


def test_ipv6_alone_needs_no_settings() -> None:
    assert missing([VIP6], tunnel=True) == ["ip6tnl0 up", "2001:db8::100/128 on ip6tnl0"]


@pytest.mark.parametrize(
    ("everywhere", "own", "expected"),
    [
        (0, 0, []),
        (0, 1, ["net.ipv4.conf.tunl0.rp_filter 1 → 0"]),
        (1, 0, ["net.ipv4.conf.tunl0.rp_filter 0 → 2"]),
        (1, 1, ["net.ipv4.conf.tunl0.rp_filter 1 → 2"]),
        (1, 2, []),
        (2, 1, []),
        (2, 0, []),
    ],
)
def test_the_filter_is_loosened_for_the_tunnel_alone(everywhere: int, own: int, expected: list[str]) -> None:
    found = missing([VIP], tunnel=True, all__rp_filter=everywhere, tunl0__rp_filter=own)
    assert [step for step in found if "rp_filter" in step] == expected
    assert found[-2:] == ["tunl0 up", "192.0.2.100/32 on tunl0"]


@pytest.mark.parametrize(("value", "changed"), [(0, True), (1, False), (2, False), (3, True), (8, False)])
def test_a_value_that_will_do_is_left_alone(value: int, changed: bool) -> None:
    found = missing([VIP], all__arp_ignore=value)
    assert (f"net.ipv4.conf.all.arp_ignore {value} → 1" in found) == changed


@pytest.mark.parametrize(
    ("held", "vip", "tunnel", "sentence"),
    [
        ((VIP, 32, "eth0"), VIP, False, "192.0.2.100/32 is on eth0 already, which answers ARP for it; take it away"),
        ((VIP, 24, "lo"), VIP, False, "192.0.2.100/24 is on lo already, with which all of that network counts"),
        ((VIP, 32, "lo"), VIP, True, "192.0.2.100/32 is on lo already, and is wanted on tunl0; take it away"),
        ((VIP, 32, "lo"), ip_address("224.0.0.18"), False, "expected a VIP, an address that clients connect to"),
        ((VIP, 32, "lo"), ip_address("::1"), False, "expected a VIP, an address that clients connect to, but got ::1"),
    ],
)
def test_what_stands_elsewhere_is_refused(
    held: tuple[IPAddress, int, str], vip: IPAddress, tunnel: bool, sentence: str
) -> None:
    with pytest.raises(SetUpRefused, match=sentence):
        refuse([vip], holding(held), tunnel=tunnel)


def test_what_is_there_is_neither_refused_nor_added() -> None:
    network = holding((VIP, 32, "lo"))
    refuse([VIP], network, tunnel=False)
    assert "192.0.2.100/32 on lo" not in missing([VIP], network)


def test_what_others_need_stays_until_the_last_one_leaves() -> None:
    done = [
        SetSetting("net.ipv4.conf.all.arp_ignore", 1, 0),
        SetSetting("net.ipv4.conf.lo.arp_ignore", 1, 0),
        AddAddress(VIP, "lo"),
        RaiseDevice("tunl0"),
        AddAddress(OTHER, "tunl0"),
    ]
    assert to_undo(done, [VIP]) == [AddAddress(VIP, "lo"), done[1]]
    assert to_undo(done, [OTHER]) == [AddAddress(OTHER, "tunl0"), RaiseDevice("tunl0")]
    assert to_undo(done, [VIP, OTHER]) == done[::-1]


addresses = st.ip_addresses()
any_step: st.SearchStrategy[SetupStep] = st.one_of(
    st.builds(SetSetting, st.from_regex(_SETTING, fullmatch=True), st.integers(), st.integers()),
    st.builds(RaiseDevice, st.text()),
    st.builds(AddAddress, addresses, st.text()),
)


@given(any_step)
def test_a_step_is_kept_as_it_was(step: SetupStep) -> None:
    assert of_json(as_json(step)) == step


@given(st.lists(any_step, unique=True), st.sets(addresses))
def test_what_is_undone_was_done_and_everything_is_when_all_leave(
    done: list[SetupStep], leaving: set[IPAddress]
) -> None:
    undoing = to_undo(done, leaving)
    assert [step for step in done[::-1] if step in undoing] == undoing
    ours = {step.address for step in done if isinstance(step, AddAddress)}
    assert to_undo(done, ours) == done[::-1]
