"""Which VIPs a configuration has the director bring up."""

from dataclasses import replace
from ipaddress import ip_address

from ldirectord_py.cluster.vips.wanted import WantedVip, wanted_vips
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.cluster.role import RoleKind, RoleSource
from ldirectord_py.model.cluster.settings import ClusterSettings
from ldirectord_py.model.cluster.vips import VipPlace
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol
from ldirectord_py.model.table import Settings

VIP = ip_address("192.0.2.100")


def virtual(port: int, place: VipPlace | None, *, cleanstop: bool = True) -> Virtual:
    key = AddressKey(Protocol.TCP, Endpoint(VIP, port))
    settings = Settings(netmask=ip_address("255.255.255.255"))
    return Virtual(key=key, settings=settings, vips=place, cleanstop=cleanstop, file="/etc/ha.d/web.cf", line=port)


def config(*virtuals: Virtual, role: RoleSource = RoleSource()) -> Config:  # noqa: B008  # frozen
    return Config(path="", virtuals=virtuals, cluster=ClusterSettings(role=role))


def test_one_address_of_several_services_is_wanted_once_on_the_interface_that_one_of_them_names() -> None:
    services = config(virtual(79, None), virtual(80, VipPlace()), virtual(443, VipPlace("eth1")))
    assert wanted_vips(services) == {VIP: WantedVip(address=VIP, device="eth1", place="/etc/ha.d/web.cf:80")}


def test_an_address_stays_at_the_end_if_one_of_its_services_does_and_no_other_director_is_to_have_it() -> None:
    for services in ([True, False], [False, True]):
        found = [virtual(80 + number, VipPlace(), cleanstop=each) for number, each in enumerate(services)]
        assert wanted_vips(config(*found))[VIP].stays
        shared = wanted_vips(config(*found, role=RoleSource(kind=RoleKind.FILE, path="/run/role")))[VIP]
        assert (shared.shared, shared.stays) == (True, False)


def test_a_firewall_mark_and_a_service_that_wants_no_vip_have_none() -> None:
    marked = replace(virtual(80, VipPlace()), key=MarkKey(5))
    assert wanted_vips(config(marked, virtual(80, None))) == {}
