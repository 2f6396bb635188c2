"""Why TLS failed, in sentences that an operator can act on."""

import ssl
import time

from ldirectord_py.model.checks.outcome import Outcome, Reason, down
from ldirectord_py.model.checks.probe import CheckTarget, TlsOptions
from ldirectord_py.model.text.moments import date, span
from ldirectord_py.probing.certificates import MOST, Certificate
from ldirectord_py.probing.tls_handshake import HandshakeRefused

_EXPIRED, _NOT_YET_VALID = 10, 9
_OTHER_NAME = frozenset((62, 64))  # of a host, of an address
_SELF_SIGNED = 18
_UNTRUSTED = frozenset((2, 19, 20, 21))
"""X509_V_ERR_* of <openssl/x509_vfy.h>: no issuer to be found, or one that signed itself and is not trusted."""

_MOST_NAMES = 60

_ALERTS = {
    "CERTIFICATE_REQUIRED": "the server wants a certificate of ours: tlscertfile names one",
    "UNKNOWN_CA": "the server does not trust our certificate: look at tlscertfile",
    "BAD_CERTIFICATE": "the server does not accept our certificate: look at tlscertfile",
    "UNSUPPORTED_CERTIFICATE": "the server does not accept our kind of certificate: look at tlscertfile",
    "CERTIFICATE_EXPIRED": "the server finds our certificate expired: look at tlscertfile",
    "CERTIFICATE_REVOKED": "the server finds our certificate revoked: look at tlscertfile",
    "CERTIFICATE_UNKNOWN": "the server does not accept our certificate: look at tlscertfile",
    "ACCESS_DENIED": "the server denies us access: look at tlscertfile",
    "DECRYPT_ERROR": "the server cannot verify our signature: look at tlscertfile",
    "PROTOCOL_VERSION": "the server speaks no version of TLS that we do",
    "HANDSHAKE_FAILURE": "the server refuses the handshake (handshake failure): it may want a certificate of ours "
    "(tlscertfile), a name (tlsservername), or other ciphers",
}
"""By alert (RFC 8446 §6.2), as the library spells its end."""

_REASONS = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS on this port",
    "HTTP_REQUEST": "the server does not speak TLS on this port",
    "RECORD_LAYER_FAILURE": "the server does not speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "the server speaks no version of TLS that we do",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know the name that it is asked for: "
    "look at tlsservername or virtualhost",
    "NO_PROTOCOLS_AVAILABLE": "this system's OpenSSL allows no version of TLS",
}


def tls_sentence(error: ssl.SSLError | HandshakeRefused) -> str:
    """Return what went wrong."""
    if isinstance(error, HandshakeRefused):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    reason = error.reason or ""
    if (known := _REASONS.get(reason)) is not None:
        return known
    _, is_alert, alert = reason.partition("_ALERT_")
    if is_alert and alert in _ALERTS:
        return _ALERTS[alert]
    return reason.replace("_", " ").lower() or "the library does not say why"


def unverified(error: ssl.SSLCertVerificationError, target: CheckTarget, certificate: Certificate | None) -> Outcome:
    """Return the outcome of a certificate that could not be verified; *certificate* is what is known of it."""
    options = target.tls or TlsOptions()
    whose = f"certificate of {target.endpoint}"
    return down(Reason.TLS, f"{whose} {_objection(error, options, certificate)}")


def _objection(error: ssl.SSLCertVerificationError, options: TlsOptions, certificate: Certificate | None) -> str:
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET_VALID}:
        return _untimely(code, certificate, time.time())
    if code in _OTHER_NAME:
        names = f"names {_listed(certificate.names)}" if certificate and certificate.names else "other names"
        return f"is for {names}, not {options.server_name}"
    if code == _SELF_SIGNED:
        return f"is signed by itself, and not among those we trust; {_trusted(options)}"
    if code in _UNTRUSTED:
        return f"is signed by nobody we trust{_signer(certificate)}; {_trusted(options)}"
    return f"cannot be verified: {error.verify_message} (X509_V_ERR {code})"


def _untimely(code: int, certificate: Certificate | None, now: float) -> str:
    if code == _NOT_YET_VALID:
        begins = f" before {date(certificate.begins)}" if certificate and certificate.begins > now else ""
        return f"is not valid{begins} yet: look at the clocks, too"
    if certificate is None:
        return "has expired"
    if certificate.expires > now:
        return "is in order, but one that it depends on has expired"
    return f"expired {span(now - certificate.expires)} ago, on {date(certificate.expires)}"


def _signer(certificate: Certificate | None) -> str:
    return f" ({certificate.issuer[:_MOST_NAMES]})" if certificate and certificate.issuer else ""


def _trusted(options: TlsOptions) -> str:
    if options.authorities is None:
        return "there is no tlscafile, so the system's store counts"
    return f"tlscafile names {options.authorities.path}"


def _listed(names: tuple[str, ...]) -> str:
    """Return the first *names*, and how many more there are."""
    told = names[0][:_MOST_NAMES]
    for index, name in enumerate(names[1:], 1):
        if len(told) + len(name) > _MOST_NAMES:
            least = "at least " if len(names) >= MOST else ""
            return f"{told} and {least}{len(names) - index} more"
        told += f", {name}"
    return told
