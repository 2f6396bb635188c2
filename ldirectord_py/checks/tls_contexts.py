"""Makes TLS contexts: what they offer, and the certificates and keys of a configuration in them."""

import os
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

from ldirectord_py.model.checks.probe import Pem, TlsOptions

# What is offered is said in full, for each build of Python has defaults of its own.  DHE comes last: it is dear.
_EVERYTHING = "DEFAULT:+kDHE:@SECLEVEL=0"
_SECURE = "DEFAULT:+kDHE:@SECLEVEL=2"
_FINITE = "kDHE:@SECLEVEL=0"
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT, which ssl names from Python 3.12 on
_NO_COMPRESSED_CERTIFICATES = 1 << 33  # SSL_OP_NO_RX_CERTIFICATE_COMPRESSION: their size cannot be known beforehand
_COMPRESSES_SINCE = (3, 2)  # OpenSSL
_SECURE_MINIMUM = "1.2"
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
VERSIONS = tuple(_VERSIONS)
"""Of TLS, the oldest first."""

_WARNINGS = Lock()
"""Held while what Python warns of is changed, which is one setting for all threads."""


class Unusable(ValueError):
    """A file that cannot be used as it is meant to be; the message says which, and why."""


def new_context(options: TlsOptions) -> ssl.SSLContext:
    """Return a context that does as *options* say; raises `Unusable`."""
    context = offering(options)
    if options.verify:
        if options.authorities is None:
            context.load_default_certs()
        else:
            trust(context, options.authorities)
    if options.alpn:
        context.set_alpn_protocols(list(options.alpn))
    if options.certificate is not None:
        present(context, options.certificate, options.key)
    return context


def offering(options: TlsOptions) -> ssl.SSLContext:
    """Return a context that offers what *options* allow, and holds no file yet; raises `Unusable`.

    While nothing is verified, whatever the library knows is on offer: whether a server serves is the question, not how.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = options.verify and options.server_name is not None
    context.verify_mode = ssl.CERT_REQUIRED if options.verify else ssl.CERT_NONE
    context.set_ciphers(_SECURE if options.verify else _EVERYTHING)
    if options.ciphers is not None:
        _offer(context, options.ciphers)
    if options.verify:
        context.options &= ~_LEGACY_SERVER_CONNECT
    else:
        context.options |= _LEGACY_SERVER_CONNECT
    if ssl.OPENSSL_VERSION_INFO >= _COMPRESSES_SINCE:
        context.options |= _NO_COMPRESSED_CERTIFICATES
    minimum = options.minimum or (_SECURE_MINIMUM if options.verify else VERSIONS[0])
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are what such servers speak
        context.minimum_version = _VERSIONS[minimum]
    return context


@cache
def finite_suites() -> frozenset[int]:
    """Return the cipher suites up to TLS 1.2 with a Diffie-Hellman group of the server's own (DHE), by number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.set_ciphers(_FINITE)
    except ssl.SSLError:  # a library that was built without them
        return frozenset()
    return frozenset(suite["id"] & 0xFFFF for suite in context.get_ciphers() if suite["kea"] == "kx-dhe")


def _offer(context: ssl.SSLContext, ciphers: str) -> None:
    """Have *context* offer *ciphers*; the level of security stays where they name none."""
    try:
        context.set_ciphers(ciphers)
    except (ssl.SSLError, ValueError):
        raise Unusable("this system's OpenSSL knows none of these ciphers: openssl ciphers -v lists them") from None


def system_store() -> tuple[tuple[str, int, int], ...]:
    """Return the paths of the certificates that this system trusts, each with its inode and its time of change.

    Another value means that what a context has loaded may be out of date.
    """
    places = ssl.get_default_verify_paths()
    return tuple(_stamp(path) for path in filter(None, (places.cafile, places.capath)))


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        found = Path(path).stat()
    except OSError:  # it went this very moment
        return path, 0, 0
    return path, found.st_ino, found.st_mtime_ns


def trust(context: ssl.SSLContext, authorities: Pem) -> None:
    """Have *context* trust the certificates in *authorities*, intermediate ones and servers' own too."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        with _as_file(authorities.content) as path:
            context.load_verify_locations(path)
    except ssl.SSLError as error:
        if error.reason == "NO_CERTIFICATE_OR_CRL_FOUND":
            raise Unusable(f"{authorities.path} holds no certificate in PEM form") from None
        raise _unreadable(authorities, error) from None


def listening(certificate: Pem, key: Pem | None, clientca: Pem | None) -> ssl.SSLContext:
    """Return the context of a server that shows *certificate*, to which *key* belongs, or one in the same file.

    Clients may show certificates that *clientca* has signed; without it they are asked for none.  Raises `Unusable`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # which would be computed on the loop
    context.set_alpn_protocols(["http/1.1"])
    if clientca is not None:
        trust(context, clientca)
        context.verify_mode = ssl.CERT_OPTIONAL
    present(context, certificate, key, where="apikey")
    return context


def present(context: ssl.SSLContext, certificate: Pem, key: Pem | None, *, where: str = "tlskeyfile") -> None:
    """Have *context* show *certificate*; the directive *where* might have named a *key*.  Raises `Unusable`."""
    holder = key or certificate

    def passphrase() -> str:
        raise Unusable(f"the key in {holder.path} needs a passphrase, and nobody is there to give one: decrypt it")

    if b"-----BEGIN CERTIFICATE-----" not in certificate.content:
        raise Unusable(f"{certificate.path} holds no certificate in PEM form")
    if b"PRIVATE KEY-----" not in holder.content:
        sentence = "" if key else f", and there is no {where}"
        raise Unusable(f"{holder.path} holds no private key in PEM form{sentence}")
    try:
        with _as_file(certificate.content) as path, _as_file(holder.content) as key_path:
            context.load_cert_chain(path, key_path, passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Unusable(f"the key in {holder.path} is not that of the certificate in {certificate.path}") from None
        raise _unreadable(holder, error) from None


def _unreadable(pem: Pem, error: ssl.SSLError) -> Unusable:
    return Unusable(f"{pem.path} cannot be read: {(error.reason or str(error)).replace('_', ' ').lower()}")


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """Yield a path at which the library finds *content*: what was checked is used, whatever became of the file."""
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
