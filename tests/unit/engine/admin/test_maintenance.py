"""Which servers a directory's file names take out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.engine.admin.maintenance import MaintainedServers, servers_of
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, RealKey
from ldirectord_py.model.table import Destination, Settings

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.0.0.1"), 80))
HOSTS = {
    ip_address("10.0.0.5"): "web5.example.com",
    ip_address("10.0.0.6"): "Web6.example.com",
    ip_address("fd00::5"): "six",
}


def real(text: str, forwarding: Forwarding = Forwarding.MASQ) -> Real:
    address, _, port = text.rpartition(":")
    endpoint = Endpoint(ip_address(address.strip("[]")), int(port))
    return Real(endpoint=endpoint, destination=Destination(forwarding=forwarding, weight=1), plan=Always())


def config(*reals: Real) -> Config:
    virtuals = (
        Virtual(key=WEB, settings=Settings(netmask=IPv4Address("255.255.255.255")), reals=reals),
        Virtual(key=MarkKey(7), settings=Settings(netmask=IPv4Address("255.255.255.255")), reals=reals[:1]),
    )
    return Config(path="test.cf", virtuals=virtuals)


REALS = (
    real("10.0.0.5:80"),
    real("10.0.0.5:8080"),
    real("10.0.0.6:0", Forwarding.GATE),
    real("[fd00::5]:80"),
)
CONFIG = config(*REALS)


def maintained(configured: Config, names: Iterable[str], hosts: Mapping[IPAddress, str] = HOSTS) -> MaintainedServers:
    servers: dict[IPAddress, list[tuple[RealKey, Real]]] = {}
    for _ in servers_of(configured, servers):
        pass
    made = MaintainedServers()
    made.serve(servers)
    for address, host in hosts.items():
        made.call(address, host)
    made.add(names)
    return made


def find(*names: str) -> MaintainedServers:
    return maintained(CONFIG, names)


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("10.0.0.5:80", {"10.0.0.5:80"}),
        ("10.0.0.5", {"10.0.0.5:80", "10.0.0.5:8080"}),
        ("web5.example.com:8080", {"10.0.0.5:8080"}),
        ("web5.example.com", {"10.0.0.5:80", "10.0.0.5:8080"}),
        ("web5:80", {"10.0.0.5:80"}),
        ("web5", {"10.0.0.5:80", "10.0.0.5:8080"}),
        ("10.0.0.6:0", {"10.0.0.6:80"}),
        ("10.0.0.6:80", {"10.0.0.6:80"}),
        ("Web6.example.com:80", {"10.0.0.6:80"}),
        ("[fd00::5]:80", {"[fd00::5]:80"}),
        ("[fd00::5]", {"[fd00::5]:80"}),
        ("[FD00:0::5]", {"[fd00::5]:80"}),
        ("fd00::5", {"[fd00::5]:80"}),
        ("six", {"[fd00::5]:80"}),
    ],
)
def test_a_file_takes_out_whom_it_names_in_every_virtual(name, out):
    found = find(name)
    assert {str(key.real) for key in found.out if key.virtual == WEB} == out
    assert any(key.virtual == MarkKey(7) for key in found.out) == ("10.0.0.5:80" in out)
    assert set(found.out.values()) == {name}
    assert found.strays == set()


@pytest.mark.parametrize(
    "name",
    [
        "10.0.0.7",
        "10.0.0.5:81",
        "10.0.0.5:",
        "[fd00::5",
        "[10.0.0.5]",
        "Web6",
        "web6",
        "web5.example",
        "a b",
        "999",
        ":",
    ],
)
def test_a_file_that_names_nobody_is_a_stray(name):
    assert (find(name).out, find(name).strays) == ({}, {name})


def test_hidden_files_are_nothing():
    found = find(".10.0.0.5.swp", ".nfs0001", ".10.0.0.5")
    assert (found.out, found.strays) == ({}, set())


def test_the_most_exact_file_is_told_and_none_of_the_others_is_a_stray():
    names = ("web5", "web5:80", "web5.example.com", "web5.example.com:80", "10.0.0.5", "10.0.0.5:80")
    for count in range(len(names)):
        found = find(*names[: count + 1])
        (by,) = {by for key, by in found.out.items() if str(key.real) == "10.0.0.5:80"}
        assert by == names[count]
        assert found.strays == set()


@pytest.mark.parametrize(("names", "asks"), [((), False), (("10.0.0.5:80", "[fd00::5]"), False), (("web5",), True)])
def test_host_names_are_needed_only_for_files_that_are_no_addresses(names, asks):
    assert find(*names).needs_hosts == asks


addresses = st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address))


@given(addresses, st.integers(0, 65535), st.lists(st.text(max_size=12), max_size=3))
def test_whatever_lies_there_a_server_is_out_exactly_if_a_file_bears_its_name(
    address: IPAddress, port: int, others: list[str]
):
    server = replace(real("10.0.0.5:1"), endpoint=Endpoint(address, port))
    written = str(server.endpoint)
    found = maintained(config(server), [written, *others], {})
    assert set(found.out.values()) == {written}
    assert written not in found.strays
    gone = maintained(config(server), others, {})
    assert all(by in others for by in gone.out.values())
    assert set(gone.strays) | set(gone.out.values()) <= set(others)


FILES = (
    *("10.0.0.5:80", "10.0.0.5", "10.0.0.6:0", "[fd00::5]:80", "fd00::5", "[fd00::5]", "web5", "web5:8080"),
    *("web5.example.com", "Web6.example.com", "six", "nobody", "10.0.0.9", ".hidden"),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("files"), st.frozensets(st.sampled_from(FILES))),
        st.tuples(st.just("host"), st.sampled_from(list(HOSTS)), st.sampled_from([*HOSTS.values(), None])),
        st.tuples(st.just("servers"), st.sets(st.sampled_from(range(len(REALS))))),
    ),
    max_size=12,
)


@given(STEPS)
def test_step_by_step_it_comes_to_the_same_as_at_once(steps: list[tuple[Any, ...]]):
    hosts, names, configured = dict(HOSTS), frozenset[str](), CONFIG
    followed = maintained(configured, ())
    for kind, *step in steps:
        before, changed = dict(followed.out), set[RealKey]()
        if kind == "files":
            changed = followed.remove(names - step[0]) | followed.add(step[0] - names)
            names = step[0]
        elif kind == "host":
            changed = followed.call(step[0], step[1])
            hosts = {address: name for address, name in {**hosts, step[0]: step[1]}.items() if name is not None}
        else:
            configured = config(*(REALS[number] for number in sorted(step[0])))
            servers: dict[IPAddress, list[tuple[RealKey, Real]]] = {}
            list(servers_of(configured, servers))
            followed.serve(servers)
            followed.look_again(names)
            changed = before.keys() | followed.out.keys()
        at_once = maintained(configured, names, hosts)
        assert followed.out == at_once.out
        assert followed.strays == at_once.strays
        assert followed.needs_hosts == at_once.needs_hosts
        assert changed >= {
            key for key in before.keys() | followed.out.keys() if before.get(key) != followed.out.get(key)
        }
