"""Where the API is served and to whom: the directives statuslisten and api*, and the files that they name."""

from typing import Any

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Directive
from ldirectord_py.config.grammar.directives import api_directives as d
from ldirectord_py.config.grammar.values import Values
from ldirectord_py.config.meaning.tls import TlsFiles, told_of
from ldirectord_py.model.config import ApiSettings, ApiTls

_NEEDS: tuple[tuple[Directive[Any], Directive[Any], str], ...] = (
    (d.APITOKENS, d.STATUSLISTEN, "such as 9894"),
    (d.APIHOSTS, d.STATUSLISTEN, "such as 9894"),
    (d.APICERTIFICATE, d.STATUSLISTEN, "such as 9894"),
    (d.APICLIENTS, d.APICLIENTCA, "which says whose certificates are believed"),
)
"""What has no meaning without what."""


def api_settings(values: Values, files: TlsFiles, diagnostics: Diagnostics) -> ApiSettings:
    """Return what the global directives *values* say of the API; what cannot be goes to *diagnostics*."""
    for row, needed, why in _NEEDS:
        if values.get(row) and not values.get(needed):
            sentence = f"{row.name}: this has no meaning without {needed.name}, {why}"
            diagnostics.warning(values.line_in_force(row), sentence, "no-effect")
    return ApiSettings(
        statuslisten=values.get(d.STATUSLISTEN),
        tokens=values.get(d.APITOKENS),
        group=values.get(d.APIGROUP),
        readgroup=values.get(d.APIREADGROUP),
        hosts=values.get(d.APIHOSTS),
        tls=_tls(values, files, diagnostics),
    )


def _tls(values: Values, files: TlsFiles, diagnostics: Diagnostics) -> ApiTls | None:
    """Return how TLS is spoken; None: not at all, or a file is not what it should be."""
    if (path := values.get(d.APICERTIFICATE)) is None:
        for row in (d.APIKEY, d.APICLIENTCA):
            if values.get(row) is not None:  # no TLS is spoken, and whoever wrote this believes that it is
                diagnostics.error(values.line_in_force(row), f"{row.name}: expected an apicertificate, too")
        return None
    key = clientca = certificate = None
    if (key_path := values.get(d.APIKEY)) is not None:
        with told_of(d.APIKEY, values, diagnostics):
            key = files.read(key_path)
    if (ca_path := values.get(d.APICLIENTCA)) is not None:
        with told_of(d.APICLIENTCA, values, diagnostics):
            clientca = files.authorities(ca_path)
    if key_path is None or key is not None:
        with told_of(d.APICERTIFICATE, values, diagnostics):
            certificate = files.listening(path, key, clientca)
    if certificate is None:
        return None
    return ApiTls(certificate=certificate, key=key, clientca=clientca, clients=values.get(d.APICLIENTS))
