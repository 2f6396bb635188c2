"""The part of the table that is about mail and news."""

from collections.abc import Mapping

from tests.servers.dovecot import BOB
from tests.servers.verdicts.rows import DOWN, HANGS, PLAIN, REFUSED, SILENT, TLS, UP, Row, Service


def _smtp(service: str) -> Service:
    return Service(
        {"service": service},
        (
            Row("success", "open", UP),
            Row("success, HELO alone", "old", UP),
            Row("wrong answer: busy", "busy", DOWN),
            Row("wrong answer: no EHLO, no HELO", "picky", DOWN),
            TLS,
            REFUSED,
            SILENT,
        ),
    )


def _imap(service: str) -> Service:
    tls = service == "imaps"
    for_tls, under_tls = (" for TLS", " under TLS") if tls else ("", "")
    return Service(
        {"service": service},
        (
            Row("success", service, UP),
            Row("success, password", service, UP, words=BOB),
            *([Row("success, certificate of its own", "own", UP, DOWN, "pops, imaps")] if tls else ()),
            Row("success, another port", f"elsewhere{under_tls}", UP, DOWN, "imap"),
            Row("wrong password", service, DOWN, words=BOB | {"passwd": "wrong"}),
            Row("wrong answer", f"wrong{under_tls}", DOWN),
            Row("refused", f"refused{for_tls}", DOWN),
            Row("silent", f"silent{for_tls}", DOWN),
            PLAIN if tls else TLS,
        ),
        apart=True,
    )


def _pop(service: str) -> Service:
    tls = service == "pops"
    return Service(
        {"service": service},
        (
            Row("success", service, UP),
            Row("success, password", service, UP, words=BOB),
            *([Row("success, certificate of its own", "own", UP, DOWN, "pops, imaps", BOB)] if tls else ()),
            Row("wrong password", service, DOWN, words=BOB | {"passwd": "wrong"}),
            Row("wrong answer", "wrong under TLS" if tls else "wrong", DOWN, words=BOB),
            Row("refused", "refused", DOWN, words=BOB),
            Row("refused, no login", "refused", DOWN, UP, "pop"),
            Row("silent", "silent", DOWN, None if tls else HANGS, "" if tls else "pop", BOB),
            Row("plain server asked in TLS", "plain", DOWN, words=BOB)
            if tls
            else Row("TLS server asked plainly", "tls", DOWN, HANGS, "pop", BOB),
        ),
    )


MAIL: Mapping[str, Service] = {
    "smtp": _smtp("smtp"),
    "submission": _smtp("submission"),
    "pop": _pop("pop"),
    "pops": _pop("pops"),
    "imap": _imap("imap"),
    "imaps": _imap("imaps"),
    "nntp": Service(
        {"service": "nntp"},
        (
            Row("success", "open", UP),
            Row("wrong answer: 400", "busy", DOWN),
            Row("wrong answer: no code", "no code", DOWN, UP, "nntp"),
            TLS,
            REFUSED,
            SILENT,
        ),
    ),
}
