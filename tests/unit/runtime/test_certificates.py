"""What is told of certificates, and how often."""

from ipaddress import ip_address

import pytest

from ldirectord_py.checks.connect import Connect
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Alternating, Always, Repeated, Together
from ldirectord_py.model.checks.conversation import Transport
from ldirectord_py.model.checks.probe import CheckTarget, Probe, TlsOptions
from ldirectord_py.model.events import CertificateExpiring, CertificateSeen, Event
from ldirectord_py.model.service import MarkKey, RealKey
from ldirectord_py.runtime.certificates import PAUSE, SOON, Certificates

DAY = 86400.0
NOW = 1_700_000_000.0


def target(number: int, tls: TlsOptions | None = TlsOptions()) -> CheckTarget:  # noqa: B008 -- a frozen value
    return CheckTarget(endpoint=Endpoint(ip_address(f"10.0.0.{number}"), 443), transport=Transport.TLS, tls=tls)


def polled(number: int, *, timeout: float = 5) -> Repeated:
    return Repeated(probe=Probe(check=Connect(), target=target(number), timeout=timeout), interval=10)


def real(number: int, mark: int = 1) -> RealKey:
    return RealKey(MarkKey(mark), target(number).endpoint)


class Scene:
    """Certificates of two servers; the second is in two virtuals, with a plan of its own in each."""

    def __init__(self) -> None:
        self.now = NOW
        self.events: list[Event] = []
        self.certificates = Certificates(self.events.append, clock=lambda: self.now)
        self.certificates.take({polled(1): (real(1),), polled(2): (real(2),), polled(2, timeout=6): (real(2, mark=2),)})

    def told(self) -> list[Event]:
        told, self.events[:] = list(self.events), []
        return told


def test_an_end_is_told_when_it_is_new_and_of_all_servers_that_share_it() -> None:
    scene = Scene()
    for expires in (NOW + 60 * DAY, NOW + 60 * DAY, NOW + 90 * DAY):
        scene.certificates.seen(target(2), expires)

    both = (real(2), real(2, mark=2))
    assert scene.told() == [CertificateSeen(both, NOW + 60 * DAY), CertificateSeen(both, NOW + 90 * DAY)]
    assert scene.certificates.expires(polled(2)) == NOW + 90 * DAY
    assert scene.certificates.expires(polled(1)) is None
    assert scene.certificates.expires(Always()) is None


@pytest.mark.parametrize(("left", "told"), [(SOON + 1, False), (SOON, True), (60.0, True), (-3 * DAY, True)])
def test_an_end_that_is_near_is_warned_of(left: float, told: bool) -> None:
    scene = Scene()
    scene.certificates.seen(target(1), NOW + left)

    warned = [CertificateExpiring(real(1), NOW + left, left)] if told else []
    assert scene.told() == [CertificateSeen((real(1),), NOW + left), *warned]


def test_a_warning_comes_once_a_day() -> None:
    scene = Scene()
    warnings = 0
    for _ in range(24 * 3):  # looked at once an hour
        scene.certificates.seen(target(1), NOW + 10 * DAY)
        warnings += sum(isinstance(event, CertificateExpiring) for event in scene.told())
        scene.now += 3600

    assert warnings == 3


def test_a_certificate_that_grows_old_while_it_stays_the_same_is_warned_of_in_time() -> None:
    scene = Scene()
    scene.certificates.seen(target(1), NOW + 60 * DAY)
    scene.told()
    scene.now += 46 * DAY
    scene.certificates.seen(target(1), NOW + 60 * DAY)

    assert scene.told() == [CertificateExpiring(real(1), NOW + 60 * DAY, 14 * DAY)]


def test_servers_that_left_are_forgotten() -> None:
    scene = Scene()
    scene.certificates.seen(target(1), NOW + DAY)
    scene.certificates.seen(target(2), NOW + DAY)
    scene.certificates.take({polled(2): (real(2),)})
    scene.told()

    assert scene.certificates.expires(polled(1)) is None
    assert scene.certificates.expires(polled(2)) == NOW + DAY
    scene.certificates.seen(target(1), NOW + DAY)  # it was being asked while it left
    assert scene.told() == []

    scene.certificates.take({polled(1): (real(1),)})
    scene.now += PAUSE / 2
    scene.certificates.seen(target(1), NOW + DAY)
    assert [type(event) for event in scene.told()] == [CertificateSeen, CertificateExpiring]


def test_the_negotiation_of_a_combined_plan_counts() -> None:
    probe = polled(1).probe
    connect = Probe(check=Connect(), target=CheckTarget(endpoint=probe.target.endpoint), timeout=5)
    plan = Alternating(negotiate=probe, connect=connect, connects=3, interval=10)
    scene = Scene()
    scene.certificates.take({plan: (real(1),)})
    scene.certificates.seen(target(1), NOW + 60 * DAY)

    assert scene.certificates.expires(plan) == NOW + 60 * DAY


def test_of_several_certificates_in_one_turn_the_first_to_end_counts() -> None:
    plan = Together(probes=(polled(1).probe, polled(2).probe, polled(1, timeout=6).probe), interval=10)
    scene = Scene()
    scene.certificates.take({plan: (real(1),)})
    assert scene.certificates.expires(plan) is None
    for number, days in ((1, 90), (2, 60)):
        scene.certificates.seen(target(number), NOW + days * DAY)

    assert scene.certificates.expires(plan) == NOW + 60 * DAY
    assert scene.told() == [CertificateSeen((real(1),), NOW + days * DAY) for days in (90, 60)]


def test_of_several_certificates_in_one_turn_each_is_warned_of() -> None:
    plan = Together(probes=(polled(1).probe, polled(2).probe), interval=10)
    scene = Scene()
    scene.certificates.take({plan: (real(1),)})
    for number, days in ((1, 9), (2, 3), (1, 9), (2, 3)):
        scene.certificates.seen(target(number), NOW + days * DAY)

    warnings = [event for event in scene.told() if isinstance(event, CertificateExpiring)]
    assert warnings == [CertificateExpiring(real(1), NOW + days * DAY, days * DAY) for days in (9, 3)]


def test_checks_without_tls_have_none() -> None:
    plain = Repeated(probe=Probe(check=Connect(), target=target(1, None), timeout=5), interval=10)
    scene = Scene()
    scene.certificates.take({plain: (real(1),)})
    scene.certificates.seen(target(1), NOW + DAY)

    assert scene.told() == []


def test_a_server_that_is_checked_by_another_plan_is_told_of_no_more_and_others_are() -> None:
    scene = Scene()
    scene.certificates.seen(target(2), NOW + 60 * DAY)
    scene.certificates.move(real(2), polled(2), polled(3))
    scene.told()
    scene.certificates.seen(target(2), NOW + 70 * DAY)
    scene.certificates.seen(target(3), NOW + 80 * DAY)
    assert scene.told() == [
        CertificateSeen((real(2, mark=2),), NOW + 70 * DAY),
        CertificateSeen((real(2),), NOW + 80 * DAY),
    ]
    scene.certificates.move(real(2, mark=2), polled(2, timeout=6), Always())
    assert scene.certificates.expires(polled(2)) is None
    scene.certificates.move(real(2), polled(3), polled(2))
    scene.certificates.seen(target(2), NOW + 70 * DAY)
    assert scene.told() == [CertificateSeen((real(2),), NOW + 70 * DAY)]
