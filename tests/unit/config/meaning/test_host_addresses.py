"""The addresses of hosts: which are asked for, when, and what is remembered of them."""

import os
import socket
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.config.meaning.host_addresses import HostAddresses, LookUps, Name
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Severity
from tests.unit.config.original import TESTHOST

LOCAL = ("localhost", 4)
"""Of /etc/hosts, so that no name server is asked."""


REMEDY = "look at /etc/resolv.conf, try again, or write the address"


@dataclass
class Asked:
    """Knows two hosts, and notes what it is asked."""

    times: list[set[Name]] = field(default_factory=list)

    def find(self, names: Collection[Name]) -> LookUps:
        self.times.append(set(names))
        web = ("web", 4)
        return LookUps({web: ip_address("10.0.0.5")}, {web: 7300.0}, {("mute", 4)})


def test_all_names_are_asked_for_at_once_and_numbers_are_none() -> None:
    asked = Asked()
    text = (
        b"fallback=web\nvirtual=10.0.0.1:80\n\treal=web:80 masq\n\treal=10.0.0.7->10.0.0.8 masq\n\treal=web:81 masq\n"
    )
    config = parse(text, "x.cf", replace(TESTHOST, hosts=asked))

    assert asked.times == [{("web", 4)}]
    assert [str(real.endpoint) for real in config.virtuals[0].reals] == [
        "10.0.0.5:80",
        "10.0.0.7:0",
        "10.0.0.8:0",
        "10.0.0.5:81",
    ]
    (kept,) = [str(problem) for problem in config.warnings if problem.severity is Severity.WARNING]
    assert kept == (
        'x.cf: warning: no name server has said which IPv4 address "web" has: 10.0.0.5, found 2 hours ago, is kept'
    )


def test_a_configuration_without_names_asks_nobody() -> None:
    asked = Asked()
    parse(b"virtual=10.0.0.1:80\n\treal=10.0.0.7:80 masq\n", "x.cf", replace(TESTHOST, hosts=asked))
    with pytest.raises(ConfigRejected):
        parse(b"virtual=10.0.0.1:80\n\treal=10.0.0.7:80 maskerade\n", "x.cf", replace(TESTHOST, hosts=asked))
    assert asked.times == []


def test_silence_and_a_no_are_told_apart() -> None:
    text = b"virtual=10.0.0.1:80\n\treal=mute:80 masq\n\treal=nobody:80 masq\n\treal=10.0.0.256:80 masq\n"
    text += b"\treal=10.0.0.1-10.0.0.9:80 masq\n"
    with pytest.raises(ConfigRejected) as rejected:
        parse(text, "x.cf", replace(TESTHOST, hosts=Asked()))
    assert [problem.text for problem in rejected.value.problems] == [
        f'real: no name server has said within 10 s which IPv4 address "mute" has: {REMEDY}',
        'real: the name "nobody" has no IPv4 address that could be found',
        "real: 10.0.0.256 is no IPv4 address",
        "real: a range is written with an arrow, as in 10.0.0.1->10.0.0.9",
    ]


def test_an_address_is_found_and_a_name_that_is_none_is_not() -> None:
    hosts = HostAddresses()
    answers = hosts.find([LOCAL, ("a b", 4), ("[::1]", 6)])
    assert answers.found == {LOCAL: ip_address("127.0.0.1"), ("[::1]", 6): ip_address("::1")}
    assert answers.notes == ()


def test_after_a_fork_nobody_waits_for_threads_that_stayed_behind() -> None:
    hosts = HostAddresses(seconds=20)
    hosts.find([LOCAL])
    hosts._asked[LOCAL] = hosts._ask(("localhost", 6))
    hosts._threads = 64  # as if all were waiting for a name server
    ours, theirs = socket.socketpair()
    if not (pid := os.fork()):
        found = hosts.find([LOCAL]).found
        theirs.send(str(found[LOCAL]).encode())
        os._exit(0)
    theirs.close()
    with ours:
        assert ours.recv(100) == b"127.0.0.1"
    os.waitpid(pid, 0)
