"""Puts the certificates and keys of a configuration into TLS contexts."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from ldirectord_py.model.checking import Pem, TlsOptions


class Unusable(ValueError):
    """A file that cannot be used as it is meant to be; the message says which, and why."""


def new_context(options: TlsOptions) -> ssl.SSLContext:
    """Return a context that does as *options* say; raises `Unusable`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = options.verify and options.server_name is not None
    context.verify_mode = ssl.CERT_REQUIRED if options.verify else ssl.CERT_NONE
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


def present(context: ssl.SSLContext, certificate: Pem, key: Pem | None) -> None:
    """Have *context* show *certificate* to servers that ask for one."""
    holder = key or certificate

    def passphrase() -> str:
        raise Unusable(f"the key in {holder.path} needs a passphrase, and nobody is there to give one: decrypt it")

    if b"-----BEGIN CERTIFICATE-----" not in certificate.content:
        raise Unusable(f"{certificate.path} holds no certificate in PEM form")
    if b"PRIVATE KEY-----" not in holder.content:
        sentence = "" if key else ", and there is no tlskeyfile"
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
