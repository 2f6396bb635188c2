"""Requests that a browser was tricked into."""

import socket

import pytest

from ldirectord_py.api.access import Access
from tests.unit.api.asking import ask_over_tcp, request, serving_tcp, the_token

ACCESS = Access(hosts=("lb1.example.com",), tokens=(the_token("ops", "secret"),))
BODY = b'{"command": "reload"}'


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:9894", 200),
        ("192.0.2.7:80", 200),
        ("[::1]:80", 200),
        ("localhost:80", 200),
        ("LB1.example.com", 200),
        ("lb1.example.com.:9894", 200),
        (socket.gethostname(), 200),
        ("evil.example", 421),
        ("lb1.example.com.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:80@127.0.0.1", 200),
        ("127.0.0.1@evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_a_name_that_is_none_of_ours_was_pointed_at_us_by_a_stranger(host: str, status: int) -> None:
    async with serving_tcp(access=lambda: ACCESS) as where:
        answer = await ask_over_tcp(where, request("/v1/status", Host=host))
    assert answer.status in {status, 400}
    assert answer.status == 200 or status != 200


async def test_monitoring_may_ask_by_any_name() -> None:
    async with serving_tcp() as where:
        assert (await ask_over_tcp(where, request("/-/healthy", Host="prometheus-target"))).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/json"}, 200),
        ({"Content_Type": "application/json; charset=utf-8"}, 200),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 415),
        ({"Content_Type": "application/json", "Origin": "http://localhost"}, 200),
        ({"Content_Type": "application/json", "Origin": "http://localhost:81"}, 403),
        ({"Content_Type": "application/json", "Origin": "http://evil.example"}, 403),
        ({"Content_Type": "application/json", "Origin": "null"}, 403),
        ({"Content_Type": "application/json", "Origin": "http://[evil"}, 403),
        ({"Content_Type": "application/json", "Content_Encoding": "identity"}, 200),
        ({"Content_Type": "application/json", "Content_Encoding": "gzip"}, 415),
        ({"Content_Type": "application/json", "Content_Encoding": "deflate"}, 415),
        ({"Content_Type": "application/json", "Sec_Fetch_Site": "same-origin"}, 200),
        ({"Content_Type": "application/json", "Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "application/json", "Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
async def test_a_command_does_not_come_from_the_page_of_another_site(headers: dict[str, str], status: int) -> None:
    async with serving_tcp(access=lambda: ACCESS) as where:
        said = request("/v1/commands", "POST", BODY, Authorization="Bearer secret", **headers)
        answer = await ask_over_tcp(where, said)
    assert answer.status == status
