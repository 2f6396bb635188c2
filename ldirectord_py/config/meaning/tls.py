"""How TLS is spoken to the servers of one section: the directives tls*, and the files that they name."""

import hashlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ldirectord_py.checks.tls_contexts import Unusable, listening, offering, present, trust
from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Directive, Unreadable
from ldirectord_py.config.grammar.directives import check_directives as d
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.config.syntax.files import content
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.check_plan import Alternating, CheckPlan, Repeated, Together
from ldirectord_py.model.checks.probe import Pem, Probe, TlsOptions

LARGEST_PEM = 4 * 2**20
"""Bytes; all that Debian trusts is a quarter of a MiB."""

_OVER_TLS_BY_THEMSELVES = frozenset(("pgsql",))
"""Services whose drivers speak TLS where the server offers it, and cannot be told how."""

_ROWS: tuple[Directive[Any], ...] = (
    d.TLSVERIFY,
    d.TLSCAFILE,
    d.TLSCERTFILE,
    d.TLSKEYFILE,
    d.TLSSERVERNAME,
    d.TLSCIPHERS,
    d.TLSMINIMUM,
)

_OLD = frozenset(("1.0", "1.1"))
"""Versions of TLS that OpenSSL speaks at its level of security 0 only."""


class TlsFiles:
    """The files that one configuration names, each read and tried once; what is wrong is raised as `Unusable`."""

    def __init__(self) -> None:
        self._pem = cache(_pem)
        self.system_trusts_somebody = cache(_system_trusts_somebody)
        self._tried: dict[tuple[TlsOptions, tuple[Pem, ...]], str | None] = {}

    def read(self, path: str) -> Pem:
        """Return a file, whatever it holds."""
        return self._pem(path)

    def authorities(self, path: str) -> Pem:
        """Return the certificates that are trusted."""
        pem = self._pem(path)
        self._try(TlsOptions(), (pem,), lambda context: trust(context, pem))
        return pem

    def certificate(self, path: str, key: Pem | None, options: TlsOptions) -> Pem:
        """Return our certificate, to which *key* belongs, or one in the same file; *options* say what is offered."""
        pem = self._pem(path)
        self._try(options, (pem, key or pem), lambda context: present(context, pem, key))
        return pem

    def listening(self, path: str, key: Pem | None, clientca: Pem | None) -> Pem:
        """Return the certificate that a listener shows, to which *key* belongs, or one in the same file."""
        pem = self._pem(path)
        listening(pem, key, clientca)
        return pem

    def _try(self, options: TlsOptions, pems: tuple[Pem, ...], use: Callable[[ssl.SSLContext], None]) -> None:
        tried = (options, pems)
        if tried not in self._tried:
            self._tried[tried] = None
            try:
                use(offering(options))
            except Unusable as error:
                self._tried[tried] = str(error)
        if (wrong := self._tried[tried]) is not None:
            raise Unusable(wrong)


def _pem(path: str) -> Pem:
    try:
        found = content(path, LARGEST_PEM, "file of certificates")
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise Unusable(f"{path} {error}") from None
    return Pem(path, hashlib.sha256(found).digest(), found)


def tls_options(values: Values, files: TlsFiles, diagnostics: Diagnostics) -> TlsOptions:
    """Return how the servers of the section *values* are spoken to; what cannot be goes to *diagnostics*."""
    verify = values.get(d.TLSVERIFY)
    offered = TlsOptions(verify=verify, ciphers=values.get(d.TLSCIPHERS), minimum=values.get(d.TLSMINIMUM))
    authorities = certificate = key = None
    if (path := values.get(d.TLSCAFILE)) is not None:
        with told_of(d.TLSCAFILE, values, diagnostics):
            authorities = files.authorities(path)
    elif verify and not files.system_trusts_somebody():
        sentence = "this system trusts nobody: install ca-certificates, or name a tlscafile"
        diagnostics.error(values.line_in_force(d.TLSVERIFY), f"tlsverify: {sentence}")
    certificate_path, key_path = _identity(values)
    if key_path is not None:
        with told_of(d.TLSKEYFILE, values, diagnostics):
            key = files.read(key_path)
    if certificate_path is None:
        if key_path is not None:
            diagnostics.error(values.line_in_force(d.TLSKEYFILE), "tlskeyfile: expected a tlscertfile, too")
    elif key_path is None or key is not None:
        with told_of(d.TLSCERTFILE, values, diagnostics):
            certificate = files.certificate(certificate_path, key, offered)
    return replace(
        offered,
        server_name=values.get(d.TLSSERVERNAME),
        authorities=authorities if verify else None,
        certificate=certificate,
        key=key,
    )


def tell_what_has_no_effect(
    values: Values, asked: CheckOptions, plans: Iterable[CheckPlan], diagnostics: Diagnostics
) -> None:
    """Warn of what the section *values* itself says of TLS and none of its *plans* heeds, and of names not compared."""
    spoken = [tls for plan in plans for tls in _spoken(plan)]
    for row in _ROWS:
        if not spoken and (line := values.line(row.name)):
            how = f"checktype={asked.checktype} with service={asked.service}"
            diagnostics.warning(line, f"{row.name}: this has no effect: {how} does not use it", "no-effect")
    if asked.tls.verify and asked.service in _OVER_TLS_BY_THEMSELVES and not values.line(d.TLSVERIFY.name):
        sentence = f"this has no effect on service={asked.service}, whose driver verifies nothing"
        diagnostics.warning(values.line_in_force(d.TLSVERIFY), f"tlsverify: {sentence}", "no-effect")
    if spoken and not asked.tls.verify and (line := values.line(d.TLSCAFILE.name)):
        diagnostics.warning(line, "tlscafile: this has no effect without tlsverify=yes", "no-effect")
    if spoken and asked.tls.verify and asked.tls.minimum in _OLD and "SECLEVEL=0" not in (asked.tls.ciphers or ""):
        sentence = "OpenSSL speaks TLS 1.2 and newer only, unless tlsciphers ends in :@SECLEVEL=0"
        diagnostics.warning(
            values.line_in_force(d.TLSMINIMUM), f"tlsminimum: with tlsverify=yes {sentence}", "no-effect"
        )
    if any(tls.verify and tls.server_name is None for tls in spoken):
        sentence = "no name is compared with the certificate's: there is no tlsservername, and virtualhost is no name"
        diagnostics.warning(values.line_in_force(d.TLSVERIFY), f"tlsverify: {sentence}", "no-name-compared")


def _spoken(plan: CheckPlan) -> Iterator[TlsOptions]:
    """Yield how *plan* speaks TLS, where it does."""
    match plan:
        case Repeated(probe=probe) | Alternating(negotiate=probe):
            probes: tuple[Probe, ...] = (probe,)
        case Together(probes=probes):
            pass
        case _:
            return
    for probe in probes:
        if probe.target is not None and probe.target.tls is not None:
            yield probe.target.tls


def _identity(values: Values) -> tuple[str | None, str | None]:
    """Return the files of our certificate and its key: a section's own certificate has no key of the global part."""
    if values.line(d.TLSCERTFILE.name):
        return values.own(d.TLSCERTFILE), values.own(d.TLSKEYFILE)
    return values.get(d.TLSCERTFILE), values.get(d.TLSKEYFILE)


@contextmanager
def told_of(row: Directive[str | None], values: Values, diagnostics: Diagnostics) -> Iterator[None]:
    """Put what is wrong with a file into *diagnostics*, with the line that names it."""
    try:
        yield
    except Unusable as error:
        diagnostics.error(values.line_in_force(row), f"{row.name}: {error}")


def _system_trusts_somebody() -> bool:
    store = ssl.get_default_verify_paths()
    if store.cafile:  # None or empty where there is none
        return True
    try:
        return bool(store.capath) and any(Path(store.capath).iterdir())
    except OSError:
        return False
