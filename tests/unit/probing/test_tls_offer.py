"""What of TLS is offered to servers on real sockets: the verdict is the same whatever Python was built with."""

import socket
import ssl
import warnings
from dataclasses import replace

import pytest
import trustme

from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.checks.probe import TlsOptions
from tests.peers.certificates import Authority, serving_as
from tests.peers.listeners import accepting, serving
from tests.peers.options import checking
from tests.unit.probing.test_tls import alerting, greet

ACME = Authority()
VERIFIED = TlsOptions(verify=True, authorities=ACME.pem, server_name="www.example")
GROUP = b"""-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""ffdhe2048 of RFC 7919."""


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("tls") / "group.pem"
    file.write_bytes(GROUP)
    return str(file)


def speaking(group: str, ciphers: str = "DEFAULT", version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """Return the context of a server that speaks *version* with *ciphers*, and nothing else."""
    context = serving_as(ACME.ca.issue_cert("www.example", key_type=trustme.KeyType.RSA))
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.load_dh_params(group)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the point
        context.minimum_version = context.maximum_version = version
    return context


async def checked(server: ssl.SSLContext, tls: TlsOptions) -> Outcome:
    async with serving(greet, server) as endpoint, checking() as check:
        return await check(endpoint, service="imaps", tls=tls)


@pytest.mark.parametrize(
    "cipher",
    ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA"],
)
@pytest.mark.parametrize("tls", [TlsOptions(), VERIFIED], ids=["unverified", "verified"])
async def test_a_server_with_one_cipher_is_up(cipher: str, tls: TlsOptions, group: str) -> None:
    """No Python that brings a list of its own offers these by default; OpenSSL does."""
    assert (await checked(speaking(group, cipher), tls)).verdict is Verdict.UP


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_3])
async def test_a_server_with_one_version_is_up(version: ssl.TLSVersion, group: str) -> None:
    assert (await checked(speaking(group, version=version), TlsOptions())).verdict is Verdict.UP


@pytest.mark.parametrize(
    ("version", "tls"),
    [
        (ssl.TLSVersion.TLSv1, TlsOptions(minimum="1.1")),
        (ssl.TLSVersion.TLSv1_1, TlsOptions(minimum="1.2")),
        (ssl.TLSVersion.TLSv1_2, TlsOptions(minimum="1.3")),
        (ssl.TLSVersion.TLSv1_1, VERIFIED),
        (ssl.TLSVersion.TLSv1_1, replace(VERIFIED, minimum="1.1")),
    ],
)
async def test_a_version_older_than_what_is_wanted_is_down(
    version: ssl.TLSVersion, tls: TlsOptions, group: str
) -> None:
    with alerting(speaking(group, version=version)) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", tls=tls)

    assert (outcome.verdict, outcome.reason) == (Verdict.DOWN, Reason.TLS)


async def test_old_versions_can_be_verified_where_tlsciphers_allows_it(group: str) -> None:
    tls = replace(VERIFIED, minimum="1.0", ciphers="DEFAULT:@SECLEVEL=0")

    assert (await checked(speaking(group, version=ssl.TLSVersion.TLSv1), tls)).verdict is Verdict.UP


@pytest.mark.parametrize(
    ("cipher", "verdict"), [("ECDHE-RSA-AES128-GCM-SHA256", Verdict.UP), ("AES128-SHA", Verdict.DOWN)]
)
async def test_tlsciphers_limits_what_is_offered(cipher: str, verdict: Verdict, group: str) -> None:
    outcome = await checked(speaking(group, cipher), TlsOptions(ciphers="ECDHE+AESGCM"))

    assert outcome.verdict is verdict


@pytest.mark.parametrize(
    ("ciphers", "chosen"),
    [
        ("DHE-RSA-AES256-GCM-SHA384:AES128-SHA", "AES128-SHA"),
        ("DHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA"),
        ("DHE-RSA-AES256-SHA", "DHE-RSA-AES256-SHA"),
    ],
)
async def test_dhe_comes_last_but_is_on_offer(ciphers: str, chosen: str, group: str) -> None:
    server = speaking(group, ciphers)
    server.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE  # the client's order counts
    used: list[str] = []

    def answer(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as secure:
            if (cipher := secure.cipher()) is not None:
                used.append(cipher[0])
            secure.sendall(b"* OK ready\r\n")
            secure.recv(100)

    with accepting(answer) as endpoint:
        async with checking() as check:
            outcome = await check(endpoint, service="imaps", tls=TlsOptions())

    assert (outcome.verdict, used) == (Verdict.UP, [chosen])
