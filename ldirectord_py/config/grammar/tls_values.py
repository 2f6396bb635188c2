"""How it is written what of TLS is offered to servers: ciphers, and the oldest version."""

from ldirectord_py.checks.tls_contexts import VERSIONS, Unusable, offering
from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Reader, Unreadable
from ldirectord_py.config.grammar.value_types import QUOTED_OR_TEXT
from ldirectord_py.model.checks.probe import TlsOptions


def _ciphers(text: str) -> str:
    ciphers = QUOTED_OR_TEXT.read(text)
    try:
        offering(TlsOptions(ciphers=ciphers))
    except Unusable as error:
        raise Unreadable(str(error), complete=True) from None
    return ciphers


def _version(text: str) -> str:
    if (version := text.strip()) not in VERSIONS:
        raise Unreadable(f"expected a version of TLS: {', '.join(VERSIONS)}")
    return version


CIPHERS = Reader('CIPHERS or "CIPHERS"', _ciphers, QUOTED_OR_TEXT.write, QUOTED_OR_TEXT.plain, quoted=True)
VERSION = Reader(
    " | ".join(VERSIONS), _version, str, r"[0-9.]+\s*", schema=json_types.one_of((*VERSIONS, *map(float, VERSIONS)))
)
