"""Certificates for servers and clients of a test, and contexts that serve them."""

import hashlib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ldirectord_py.model.checks.probe import Pem

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Authority:
    """Signs certificates."""

    ca: trustme.CA = field(default_factory=lambda: trustme.CA(organization_name="Acme"))

    @property
    def pem(self) -> Pem:
        """Its own certificate, as a file that tlscafile names."""
        return pem("/etc/ssl/acme.pem", self.ca.cert_pem.bytes())

    def server(self, *names: str, begins: float = -30, ends: float = 30) -> ssl.SSLContext:
        """Return a server's context, whose certificate is for *names*, valid from and until so many days from now."""
        issued = self.ca.issue_cert(
            *names, not_before=NOW + timedelta(days=begins), not_after=NOW + timedelta(days=ends)
        )
        return serving_as(issued)

    def client(self) -> Pem:
        """Return a client's certificate with its key."""
        return pem(
            "/etc/ssl/director.pem", self.ca.issue_cert("director.example").private_key_and_cert_chain_pem.bytes()
        )


def serving_as(issued: trustme.LeafCert) -> ssl.SSLContext:
    """Return a context that serves *issued*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


def wanting_certificates(context: ssl.SSLContext, authority: Authority) -> ssl.SSLContext:
    """Have *context* ask clients for a certificate that *authority* has signed."""
    authority.ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def pem(path: str, content: bytes) -> Pem:
    """Return a file with *content*, as a configuration that names *path* has it."""
    return Pem(path, hashlib.sha256(content).digest(), content)


def self_signed(name: str) -> tuple[ssl.SSLContext, Pem]:
    """Return a context that serves a certificate for *name* signed by nobody else, and that certificate."""
    own = NamedAuthority(name)
    return serving_certificate(own.certificate, own.key), own.pem


class NamedAuthority:
    """An authority with a common name (trustme's have none), whose own certificate is valid for so many days."""

    def __init__(self, name: str, *, ends: float = 30) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._name = name
        self.certificate = self.signed_for(name, self.key, ends)

    @property
    def pem(self) -> Pem:
        """Its own certificate."""
        return pem("/etc/ssl/named.pem", self.certificate.public_bytes(Encoding.PEM))

    def server(self, name: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for *name*."""
        key = ec.generate_private_key(ec.SECP256R1())
        return serving_certificate(self.signed_for(name, key), key)

    def client(self, servers: Authority, name: str | None = None, ends: float = 30) -> ssl.SSLContext:
        """Return how somebody asks whom *servers* has signed, and shows a certificate of ours for *name*, if any."""
        context = ssl.create_default_context(cadata=servers.ca.cert_pem.bytes().decode())
        if name is not None:
            key = ec.generate_private_key(ec.SECP256R1())
            load(context, self.signed_for(name, key, ends), key)
        return context

    def signed_for(
        self, name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, ends: float = 30
    ) -> x509.Certificate:
        """Return a certificate for *name* and *key*, valid for so many days."""
        names = x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))])
        return self.builder(name, key, ends).add_extension(names, critical=False).sign(self.key, hashes.SHA256())

    def builder(
        self, name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, ends: float = 30
    ) -> x509.CertificateBuilder:
        """Return what becomes such a certificate with the names that it is for."""
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=60))
            .not_valid_after(NOW + timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=key is self.key, path_length=None), critical=True)
        )


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def serving_certificate(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate
) -> ssl.SSLContext:
    """Return a context that serves *certificate* with its *key*, and *chain* behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load(context, certificate, key, *chain)
    return context


def load(
    context: ssl.SSLContext, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate
) -> None:
    """Have *context* show *certificate* with its *key*, and *chain* behind it."""
    with NamedTemporaryFile() as file:
        for each in (certificate, *chain):
            file.write(each.public_bytes(Encoding.PEM))
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        context.load_cert_chain(file.name)
