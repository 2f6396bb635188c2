"""Services grpc and grpcs, asked of grpcio's server with its health service."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from tests.peers.options import checking
from tests.peers.ports import free_port
from tests.servers.daemons import PATIENT, at

LOOPBACKS = ["127.0.0.1", "[::1]"]
STATES = {
    "": health_pb2.HealthCheckResponse.SERVING,
    "shop.Cart": health_pb2.HealthCheckResponse.SERVING,
    "shop.Checkout": health_pb2.HealthCheckResponse.NOT_SERVING,
    "shop.Mail": health_pb2.HealthCheckResponse.UNKNOWN,
}


class Refusing(health_pb2_grpc.HealthServicer):
    """A health service that lets nobody in."""

    def Check(self, request, context):  # noqa: N802  # grpcio calls it so
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "nur für Mitglieder\n100 %")


@contextmanager
def serving(servicer: health_pb2_grpc.HealthServicer | None, credentials=None) -> Iterator[int]:
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        if servicer is not None:
            health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        port = free_port()
        for address in LOOPBACKS:
            place = f"{address}:{port}"
            if credentials is None:
                server.add_insecure_port(place)
            else:
                server.add_secure_port(place, credentials)
        server.start()
        try:
            yield port
        finally:
            server.stop(None).wait()


@pytest.fixture(scope="module")
def servicer() -> health.HealthServicer:
    servicer = health.HealthServicer()
    for service, state in STATES.items():
        servicer.set(service, state)
    return servicer


@pytest.fixture(scope="module")
def port(servicer: health.HealthServicer) -> Iterator[int]:
    with serving(servicer) as number:
        yield number


@pytest.fixture(scope="module")
def secure(servicer: health.HealthServicer) -> Iterator[int]:
    certificate = trustme.CA().issue_cert("localhost")
    key, chain = certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes()
    with serving(servicer, grpc.ssl_server_credentials([(key, chain)])) as number:
        yield number


async def ask(port: int, address: str = "127.0.0.1", service: str = "grpc", **words: object) -> Outcome:
    async with checking() as check:
        return await check(at(port, address.strip("[]")), service=service, **(PATIENT | words))


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize("request_", ["/", "/shop.Cart"], ids=["the server as a whole", "one service"])
async def test_what_serves_is_up(port: int, address: str, request_: str) -> None:
    assert await ask(port, address, request=request_, virtualhost="shop.example.org") == up("SERVING")


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        ("/shop.Checkout", "NOT_SERVING, expected SERVING"),
        ("/shop.Mail", "UNKNOWN, expected SERVING"),
        ("/shop.Nothing", "NOT_FOUND: the server does not know the service 'shop.Nothing'"),
    ],
)
async def test_what_does_not_serve_is_down(port: int, request_: str, detail: str) -> None:
    assert await ask(port, request=request_) == down(Reason.STATUS, detail)


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_it_is_asked_over_tls(secure: int, address: str) -> None:
    assert await ask(secure, address, "grpcs", virtualhost="localhost") == up("SERVING")
    assert (await ask(secure, address, "grpcs", request="/shop.Checkout")).reason is Reason.STATUS


async def test_sessions_of_tls_are_resumed(secure: int) -> None:
    async with checking() as check:
        outcomes = [await check(at(secure), service="grpcs", **PATIENT) for _ in range(3)]
    assert outcomes == [up("SERVING")] * 3


async def test_the_wrong_one_of_the_two_is_down(port: int, secure: int) -> None:
    assert (await ask(port, service="grpcs")).reason is Reason.TLS
    assert (await ask(secure)).verdict is Verdict.DOWN


async def test_a_server_without_the_health_service_says_so() -> None:
    with serving(None) as port:
        outcome = await ask(port)
    assert outcome == down(Reason.STATUS, "UNIMPLEMENTED: the server has no health service (grpc.health.v1.Health)")


async def test_a_server_that_refuses_is_quoted() -> None:
    with serving(Refusing()) as port:
        outcome = await ask(port)
    assert outcome == down(Reason.STATUS, r"PERMISSION_DENIED: the server says 'nur für Mitglieder\n100 %'")


async def test_a_server_that_is_shut_down_is_down() -> None:
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    with serving(servicer) as port:
        assert (await ask(port)).verdict is Verdict.UP
        servicer.enter_graceful_shutdown()
        assert (await ask(port)).detail == "NOT_SERVING, expected SERVING"
    assert (await ask(port)).reason is Reason.REFUSED
