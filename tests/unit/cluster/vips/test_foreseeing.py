"""What a plan says of VIPs."""

from ipaddress import ip_address

from ldirectord_py.cluster.vips.foreseeing import steps_of
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipPlan, VipStanding
from ldirectord_py.model.cluster.vips import VipState
from ldirectord_py.model.plan_steps import VipAction, VipStep

GOING, COMING, MISSING, HELD, IDLE, STUCK = (ip_address(f"192.0.2.{number}") for number in range(1, 7))


def test_what_goes_comes_and_cannot_come_is_told_and_what_is_as_it_should_be_is_not() -> None:
    plan = VipPlan(
        remove=(AddedVip(GOING, "eth0", "eth0:1"),),
        add=(AddedVip(COMING, "eth1", "eth1:1"),),
        verdicts={
            COMING: VipStanding(VipState.PENDING, "eth1"),
            MISSING: VipStanding(VipState.NO_INTERFACE, "eth7", "there is no interface eth7"),
            HELD: VipStanding(VipState.HELD, "eth0"),
            IDLE: VipStanding(VipState.STANDBY, "eth0"),
            STUCK: VipStanding(VipState.STANDBY, "eth7", "it could not be taken over: there is no interface eth7"),
        },
    )
    assert list(steps_of(plan)) == [
        VipStep(action=VipAction.REMOVE, address=GOING, device="eth0"),
        VipStep(action=VipAction.ADD, address=COMING, device="eth1"),
        VipStep(action=VipAction.NONE, address=MISSING, device="eth7", sentence="there is no interface eth7"),
        VipStep(action=VipAction.NONE, address=IDLE, device="eth0", sentence="this director is on standby"),
        VipStep(
            action=VipAction.NONE,
            address=STUCK,
            device="eth7",
            sentence="this director is on standby, and it could not be taken over: there is no interface eth7",
        ),
    ]
