"""When a VIP is served."""

from ipaddress import ip_address

import pytest

from ldirectord_py.cluster.announcing.policy import Policy, ServiceHealth, VipHealth, judge

VIP, OTHER = ip_address("192.0.2.1"), ip_address("2001:db8::1")


def service(name: str, *, served: bool, vip: str = "192.0.2.1") -> ServiceHealth:
    return ServiceHealth(
        name=name, vip=ip_address(vip), served=served, why=f"{name} is {'' if served else 'not '}served"
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy.ANY, VipHealth(served=True, why="b is served")),
        (Policy.ALL, VipHealth(served=False, why="a is not served; c is not served")),
    ],
)
def test_any_service_of_a_vip_or_all(policy: Policy, expected: VipHealth) -> None:
    services = [service("a", served=False), service("b", served=True), service("c", served=False)]
    assert judge(services, lambda _: policy) == {VIP: expected}


@pytest.mark.parametrize("policy", Policy)
def test_vips_do_not_depend_on_each_other(policy: Policy) -> None:
    services = [service("a", served=False), service("b", served=True, vip="2001:db8::1")]
    assert {vip: health.served for vip, health in judge(services, lambda _: policy).items()} == {
        VIP: False,
        OTHER: True,
    }
    assert judge([], lambda _: policy) == {}


def test_a_vip_may_have_a_policy_of_its_own() -> None:
    services = [service(name, served=name == "a", vip=vip) for name in "ab" for vip in ("192.0.2.1", "2001:db8::1")]
    policies = {VIP: Policy.ANY, OTHER: Policy.ALL}
    assert {vip: health.served for vip, health in judge(services, policies.__getitem__).items()} == {
        VIP: True,
        OTHER: False,
    }
