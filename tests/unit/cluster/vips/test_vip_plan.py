"""The plan of VIPs: what is removed, added and left alone, in examples and as properties."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.network import Device, HeldAddress, Network
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipPlan, added_of_json, plan_vips
from ldirectord_py.cluster.vips.wanted import WantedVip
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipState

VIP, VIP6 = ip_address("192.0.2.100"), ip_address("2001:db8::100")
DEVICES = {
    "lo": Device(name="lo", arp=False),
    "eth0": Device(name="eth0"),
    "eth1": Device(name="eth1"),
    "down0": Device(name="down0", up=False),
    "free0": Device(name="free0", running=False),
    "a-very-long-one": Device(name="a-very-long-one"),
}
OWN = (
    HeldAddress(address=ip_address("127.0.0.1"), length=8, device="lo"),
    HeldAddress(address=ip_address("192.0.2.5"), length=24, device="eth0", label="eth0"),
    HeldAddress(address=ip_address("192.0.2.9"), length=16, device="eth1", label="eth1"),
    HeldAddress(address=ip_address("2001:db8::5"), length=64, device="eth1"),
)
OURS = AddedVip(VIP, "eth0", "eth0:1")


def held(vip: IPAddress, device: str, label: str = "", length: int | None = None) -> HeldAddress:
    return HeldAddress(address=vip, length=length or vip.max_prefixlen, device=device, label=label)


def planned(
    *here: HeldAddress, vip: IPAddress | None = VIP, on: str = "", ours: Sequence[AddedVip] = (), active: bool = True
) -> VipPlan:
    wanted = {} if vip is None else {vip: WantedVip(address=vip, device=on)}
    return plan_vips(wanted, ours, Network(devices=DEVICES, addresses=(*OWN, *here)), active=active)


def state(plan: VipPlan, vip: IPAddress = VIP) -> tuple[VipState, str]:
    verdict = plan.verdicts[vip]
    return verdict.state, verdict.device


def test_a_vip_goes_to_the_interface_of_the_narrowest_network_it_is_in_with_an_alias() -> None:
    assert planned().add == (AddedVip(VIP, "eth0", "eth0:1"),)
    assert planned(held(ip_address("192.0.2.7"), "eth0", "eth0:1")).add == (AddedVip(VIP, "eth0", "eth0:2"),)
    assert planned(vip=VIP6).add == (AddedVip(VIP6, "eth1", ""),)


def test_a_vip_goes_to_the_interface_that_is_named() -> None:
    assert planned(on="eth1").add == (AddedVip(VIP, "eth1", "eth1:1"),)
    assert planned(on="lo").add == (AddedVip(VIP, "lo", "lo:1"),)
    assert planned(on="a-very-long-one").add == (AddedVip(VIP, "a-very-long-one", ""),)


@pytest.mark.parametrize(
    ("vip", "on", "expected", "sentence"),
    [
        (VIP, "eth7", VipState.NO_INTERFACE, "there is no interface eth7"),
        (VIP, "down0", VipState.INTERFACE_DOWN, "the interface down0 is down"),
        (VIP, "free0", VipState.INTERFACE_DOWN, "the interface free0 has no carrier"),
        (
            ip_address("203.0.113.1"),
            "",
            VipState.NO_NETWORK,
            "it is in no network of this machine; name the interface: vips = INTERFACE",
        ),
    ],
)
def test_what_cannot_be_brought_up_says_why(vip: IPAddress, on: str, expected: VipState, sentence: str) -> None:
    plan = planned(vip=vip, on=on)
    assert (plan.add, plan.verdicts[vip].state, plan.verdicts[vip].sentence) == ((), expected, sentence)
    standby = planned(vip=vip, on=on, active=False).verdicts[vip]
    assert (standby.state, standby.sentence) == (VipState.STANDBY, f"it could not be taken over: {sentence}")


def test_ours_is_held_while_active_and_removed_while_standby_or_when_nobody_wants_it() -> None:
    here = held(VIP, "eth0", "eth0:1")
    assert planned(here, ours=[OURS]) == VipPlan(verdicts=planned(here, ours=[OURS]).verdicts)
    assert state(planned(here, ours=[OURS])) == (VipState.HELD, "eth0")
    assert planned(here, ours=[OURS], active=False).remove == (OURS,)
    assert planned(here, ours=[OURS], vip=None).remove == (OURS,)


def test_ours_that_is_gone_is_brought_up_again() -> None:
    plan = planned(ours=[OURS])
    assert (plan.lost, plan.add) == ((OURS,), (OURS,))


@pytest.mark.parametrize(
    "here",
    [
        held(VIP, "eth0", "eth0"),
        held(VIP, "eth0", "eth0:vip"),
        held(VIP, "eth0", "eth0", 24),
    ],
)
@pytest.mark.parametrize("ours", [[], [OURS]])
def test_what_somebody_else_has_added_is_left_alone(here: HeldAddress, ours: list[AddedVip]) -> None:
    for active in (True, False):
        plan = planned(here, ours=ours, active=active)
        assert (plan.remove, plan.add) == ((), ())
        assert state(plan) == (VipState.FOREIGN, "eth0")
        assert f"{here} is on eth0 already, added by somebody else" in plan.verdicts[VIP].sentence


@pytest.mark.parametrize(
    ("device", "on", "sentence"),
    [
        (
            "lo",
            "",
            f"{VIP}/32 is on lo already, as on a real server; take it away first: ip address del {VIP}/32 dev lo",
        ),
        ("eth1", "eth0", f"{VIP}/32 is on eth1 already; take it away first: ip address del {VIP}/32 dev eth1"),
    ],
)
def test_no_address_is_added_that_another_device_here_has(device: str, on: str, sentence: str) -> None:
    plan = planned(held(VIP, device), on=on)
    assert plan.add == ()
    assert (state(plan)[0], plan.verdicts[VIP].sentence) == (VipState.ELSEWHERE, sentence)


def test_ours_moves_to_another_interface_and_stays_where_it_is_if_it_cannot() -> None:
    here = held(VIP, "eth0", "eth0:1")
    plan = planned(here, ours=[OURS], on="eth1")
    assert (plan.remove, plan.add) == ((OURS,), (AddedVip(VIP, "eth1", "eth1:1"),))
    plan = planned(here, ours=[OURS], on="eth7")
    assert (plan.remove, plan.add) == ((), ())
    assert (state(plan), plan.verdicts[VIP].sentence) == (
        (VipState.HELD, "eth0"),
        "it stays on eth0: there is no interface eth7",
    )


def test_ours_out_of_reach_is_given_up_if_another_director_may_take_it_over() -> None:
    here, ours = held(VIP, "free0", "free0:1"), AddedVip(VIP, "free0", "free0:1")
    network = Network(devices=DEVICES, addresses=(*OWN, here))
    alone, shared = (
        plan_vips({VIP: WantedVip(address=VIP, device="free0", shared=each)}, [ours], network, active=True)
        for each in (False, True)
    )
    assert (alone.remove, state(alone)) == ((), (VipState.HELD, "free0"))
    assert (shared.remove, shared.add, state(shared)) == ((ours,), (), (VipState.INTERFACE_DOWN, "free0"))


def test_an_address_that_duplicate_address_detection_refuses_is_a_conflict() -> None:
    here = replace(held(VIP6, "eth1"), unusable=True)
    plan = planned(here, vip=VIP6, ours=[AddedVip(VIP6, "eth1")])
    assert (plan.remove, plan.add, state(plan, VIP6)) == ((), (), (VipState.CONFLICT, "eth1"))


def test_what_was_added_is_read_back() -> None:
    for one in (OURS, AddedVip(VIP6, "eth1")):
        assert added_of_json(one.as_json()) == one


addresses = st.sampled_from([VIP, VIP6, ip_address("192.0.2.101"), ip_address("192.0.2.102"), ip_address("10.1.1.1")])
devices = st.sampled_from(list(DEVICES))
labels = st.sampled_from(["", "eth0", "eth0:1", "eth0:2", "eth1:1"])


@st.composite
def holdings(draw: st.DrawFn) -> HeldAddress:
    address = draw(addresses)
    length = draw(st.sampled_from([24, address.max_prefixlen]))
    label = "" if isinstance(address, IPv6Address) else draw(labels)
    return HeldAddress(address=address, length=length, device=draw(devices), label=label, unusable=draw(st.booleans()))


@st.composite
def added_vips(draw: st.DrawFn) -> AddedVip:
    address = draw(addresses)
    return AddedVip(address, draw(devices), draw(labels) if isinstance(address, IPv4Address) else "")


def carried_out(network: Network, plan: VipPlan) -> Network:
    left = [each for each in network.addresses if not any(one.is_at(each) for one in plan.remove)]
    come = [HeldAddress(address=one.address, length=one.address.max_prefixlen, device=one.device, label=one.label or "")
            for one in plan.add]  # fmt: skip
    return Network(devices=network.devices, addresses=(*left, *come))


worlds = st.tuples(
    st.dictionaries(addresses, st.sampled_from(["", *DEVICES, "eth7"])),
    st.lists(added_vips(), unique_by=lambda one: one.address, max_size=4),
    st.lists(holdings(), max_size=6),
    st.booleans(),
)


@given(worlds)
def test_only_what_we_have_added_is_removed_and_nothing_is_ever_added_twice(
    world: tuple[dict[IPAddress, str], list[AddedVip], list[HeldAddress], bool],
) -> None:
    places, added, here, active = world
    wanted = {
        address: WantedVip(address=address, device=device, shared=len(places) % 2 == 0)
        for address, device in places.items()
    }
    network = Network(devices=DEVICES, addresses=(*OWN, *here))
    plan = plan_vips(wanted, added, network, active=active)
    assert set(plan.remove) <= set(added)
    assert set(plan.lost) <= set(added)
    assert not set(plan.remove) & set(plan.lost)
    assert active or not plan.add
    after = carried_out(network, plan)
    foreign = [each for each in network.addresses if not any(one.is_at(each) for one in added)]
    assert all(each in after.addresses for each in foreign)
    for one in plan.add:
        assert one.address in wanted
        assert len(after.holders(one.address)) == 1
    used = [one.label for one in plan.add if one.label]
    assert len(set(used)) == len(used)
    assert not set(used) & {each.label for each in network.addresses}
    assert set(plan.verdicts) == set(wanted)


@given(worlds)
def test_what_is_done_once_is_done(world: tuple[dict[IPAddress, str], list[AddedVip], list[HeldAddress], bool]) -> None:
    places, added, here, active = world
    wanted = {address: WantedVip(address=address, device=device) for address, device in places.items()}
    network = Network(devices=DEVICES, addresses=(*OWN, *here))
    plan = plan_vips(wanted, added, network, active=active)
    kept = [one for one in added if one not in plan.remove and one not in plan.lost]
    again = plan_vips(wanted, [*kept, *plan.add], carried_out(network, plan), active=active)
    assert (again.remove, again.add, again.lost) == ((), (), ())
