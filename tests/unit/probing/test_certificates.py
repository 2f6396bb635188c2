"""Our few lines of X.509 beside a library that knows all of it."""

import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.probing.certificates import expiry, read

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31, 23, 59, 59)).map(  # noqa: DTZ001 -- UTC is put in below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
COMMON_NAMES = st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable() and len(text.encode()) <= 64)
HOSTS = st.lists(
    st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20), min_size=1, max_size=4
).map(".".join)
NAMES = st.lists(st.one_of(HOSTS.map(x509.DNSName), st.ip_addresses().map(x509.IPAddress)), max_size=5)


def named(text: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


@st.composite
def certificates(draw: st.DrawFn) -> x509.Certificate:
    begins, ends = sorted((draw(MOMENTS), draw(MOMENTS)))
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(draw(st.none() | COMMON_NAMES)))
        .issuer_name(named(draw(st.none() | COMMON_NAMES)))
        .public_key(KEY.public_key())
        .serial_number(draw(st.integers(1, 2**159 - 1)))
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if draw(st.booleans()):
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    if names := draw(NAMES):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=draw(st.booleans()))
    return builder.sign(KEY, hashes.SHA256())


@given(certificates())
def test_a_certificate_is_read_as_cryptography_reads_it(certificate: x509.Certificate) -> None:
    der = certificate.public_bytes(Encoding.DER)
    ours = read(der)

    assert ours.begins == certificate.not_valid_before_utc.timestamp()
    assert ours.expires == expiry(der) == certificate.not_valid_after_utc.timestamp()
    assert ours.issuer == common_name(certificate.issuer)
    assert ours.names == expected_names(certificate)


def common_name(name: x509.Name) -> str:
    return next((str(each.value) for each in name.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def expected_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(filter(None, (common_name(certificate.subject),)))
    return tuple(str(name.value) for name in names)


@given(st.binary(max_size=400))
def test_what_is_no_certificate_raises_nothing_but_a_value_error(der: bytes) -> None:
    for reading in (expiry, read):
        with pytest.raises(ValueError):  # noqa: PT011 -- whichever
            reading(der)


WHOLE = (
    x509.CertificateBuilder()
    .subject_name(named("www.example"))
    .issuer_name(named("Acme"))
    .public_key(KEY.public_key())
    .serial_number(7)
    .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=90))
    .add_extension(
        x509.SubjectAlternativeName([x509.DNSName("a.example"), x509.IPAddress(ip_address("10.0.0.1"))]),
        critical=False,
    )
    .sign(KEY, hashes.SHA256())
    .public_bytes(Encoding.DER)
)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused_and_nothing_else(place: int, byte: int) -> None:
    damaged = WHOLE[:place] + bytes((byte,)) + WHOLE[place + 1 :]
    for reading in (expiry, read):
        with suppress(ValueError):
            reading(damaged)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, b"260101000000+0100"),
        (0x17, b"2601010000Z"),
        (0x17, b"26010100000 Z"),
        (0x17, b"261301000000Z"),
        (0x18, b"260101000000Z"),
        (0x18, b"20260101000000.5Z"),
        (0x04, b"260101000000Z"),
    ],
)
def test_a_time_that_a_certificate_must_not_have_is_refused(tag: int, text: bytes) -> None:
    def element(tag: int, *parts: bytes) -> bytes:
        content = b"".join(parts)
        return bytes((tag, len(content))) + content

    empty = element(0x30)
    good = element(0x17, b"260101000000Z")
    fields = (element(0x02, b"\1"), empty, empty, element(0x30, good, element(tag, text)), empty, empty)
    with pytest.raises(ValueError):  # noqa: PT011 -- whichever
        expiry(element(0x30, element(0x30, *fields)))
