"""Routes, their communities, and how ExaBGP is told of them."""

import io
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.announcing.announcer import Form, Stand
from ldirectord_py.cluster.announcing.exabgp import ExaBgp, says_end
from ldirectord_py.cluster.announcing.route import BgpRoute, community_of, routes

VIP, VIP6, OTHER = ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("192.0.2.9")
NUMBERS = st.integers(0, 65535)


@given(st.lists(NUMBERS, min_size=2, max_size=3))
def test_a_community_is_read_as_it_is_written(numbers: list[int]) -> None:
    assert community_of(":".join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize(
    "text", ["", "1", "1:2:3:4", "65536:1", "1:65536", "1:2:4294967296", "-1:2", "a:b", "1:²", ":"]
)
def test_what_is_no_community_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a community such as 65001:7"):
        community_of(text)


def test_what_is_announced_has_its_communities_and_one_more_before_it_goes() -> None:
    stands = {
        VIP6: Stand(Form.LEAVING, ""),
        OTHER: Stand(Form.HELD, ""),
        VIP: Stand(Form.ANNOUNCED, ""),
        ip_address("192.0.2.8"): Stand(Form.WITHDRAWN, ""),
    }
    assert list(routes(stands, ((65001, 7),))) == [
        BgpRoute(VIP, ((65001, 7),)),
        BgpRoute(VIP6, ((65001, 7), (65535, 0))),
    ]


def told(speaker: ExaBgp, commands: io.StringIO, *announced: BgpRoute) -> list[str]:
    """Have it announce these; return the commands."""
    commands.truncate(commands.seek(0))
    assert speaker.state(announced, [VIP, VIP6]) == ""
    return commands.getvalue().splitlines()


def test_exabgp_is_told_of_each_vip_first_and_of_changes_afterwards() -> None:
    commands = io.StringIO()
    speaker = ExaBgp(commands, {6: ip_address("2001:db8::2")})
    plain, leaving = BgpRoute(VIP), BgpRoute(VIP, ((65001, 7), (65535, 0), (1, 2, 3)))
    assert told(speaker, commands, plain) == [
        "announce route 192.0.2.1/32 next-hop self",
        "withdraw route 2001:db8::1/128",
    ]
    assert told(speaker, commands, plain) == []
    assert told(speaker, commands, leaving, BgpRoute(VIP6)) == [
        "announce route 192.0.2.1/32 next-hop self community [ 65001:7 65535:0 ] large-community [ 1:2:3 ]",
        "announce route 2001:db8::1/128 next-hop 2001:db8::2",
    ]
    assert told(speaker, commands) == ["withdraw route 192.0.2.1/32", "withdraw route 2001:db8::1/128"]


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("shutdown 12 1", True),
        ('{ "exabgp": "4.0.1", "type": "notification", "notification": "shutdown" }', True),
        ("done", False),
        ("error", False),
        ("", False),
    ],
)
def test_exabgp_says_when_it_ends(line: str, end: bool) -> None:
    assert says_end(line) is end
