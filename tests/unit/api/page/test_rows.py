from typing import Any

import pytest

from ldirectord_py.api.page.rows import certificate, outlook, row, weights, why
from tests.unit.api.page.documents import NOW, down, drained, server

ADMIN = drained()["admin"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (server(), ""),
        (down(), "GET http://10.0.0.6:80/alive.html: connection refused."),
        (down(asked="", detail=""), "Refused."),
        (drained(), "Drained by root (pid 801): kernel upgrade. 12 connections still open."),
        (
            drained(connections={"active": 0, "inactive": 2}, admin=ADMIN | {"reason": "", "scope": "10.0.0.7"}),
            "Drained by root (pid 801), with all of 10.0.0.7. No connection is open any more.",
        ),
        (
            drained(status="maintenance", connections=None, admin=ADMIN | {"kind": "maintenance"}),
            "In maintenance by root (pid 801): kernel upgrade.",
        ),
        (server(status="maintenance", maintenance_file="10.0.0.5"), "There is a file '10.0.0.5'."),
        (server(status="unknown", serving=False), "Stays out until it has been checked."),
        (server(status="checking"), "Serves as it did until it has been checked."),
        (server(failures=2, detail="503"), "Failed 2 times in a row: 503."),
        (
            server(weight={"configured": 3, "effective": 3, "kernel": 1}),
            "The kernel has weight 1, wanted is weight 3.",
        ),
        (
            server(weight={"configured": 3, "effective": 3, "kernel": None}),
            "The kernel has no entry, wanted is weight 3.",
        ),
        (
            server(weight={"configured": 0, "effective": 0, "kernel": 0}),
            "Its configured weight is 0: it gets no new connections.",
        ),
        (
            server(
                weight={"configured": 3, "effective": 1, "kernel": 1},
                why=[{"who": "operator", "sentence": "root set it to 1", "since": NOW, "until": None}],
            ),
            "Root set it to 1.",
        ),
    ],
)
def test_a_sentence_says_why_a_server_is_as_it_is(document: dict[str, Any], told: str) -> None:
    assert why(document) == told


@pytest.mark.parametrize(
    ("document", "words", "checked"),
    [
        (server(), "", None),
        (down(), "Comes back after 1 more success", "3 s"),
        (drained(), "Stays so until it is enabled.", None),
        (server(status="maintenance", maintenance_file="x"), "Comes back when the file is removed.", None),
        (server(failures=1, takes="2 more failures"), "Goes out after 2 more failures", "9 s"),
    ],
)
def test_the_outlook_says_what_would_change_it(document: dict[str, Any], words: str, checked: str | None) -> None:
    found = outlook(document, NOW)
    assert (found.words, found.check and found.check.words) == (words, checked)


def test_a_command_with_an_end_says_when_that_is() -> None:
    found = outlook(drained(until=NOW + 900), NOW)
    assert (found.words, found.until and found.until.words) == ("", "15 min")


def test_weights_are_one_number_where_they_agree() -> None:
    assert weights({"configured": 3, "effective": 3, "kernel": 3}).chain == ("3",)
    assert weights({"configured": 3, "effective": None, "kernel": None}).chain == ("3", "out")
    differing = weights({"configured": 3, "effective": 0, "kernel": None})
    assert differing.chain == ("3", "0", "out")
    assert differing.all == (("Configured", "3"), ("Wanted", "0"), ("In the kernel", "out"))
    assert differing.differs
    assert differing.spoken == "configured 3, wanted 0, in the kernel no entry"


@pytest.mark.parametrize(
    ("days", "words", "level"), [(61.5, "61 d", "ok"), (5.5, "5 d", "soon"), (-3.5, "expired 3 d ago", "over")]
)
def test_a_certificate_that_ends_soon_is_told_apart(days: float, words: str, level: str) -> None:
    found = certificate(NOW + days * 86400, NOW)
    assert found is not None
    assert (found.words, found.level) == (words, level)
    assert certificate(None, NOW) is None


def test_a_row_has_what_the_kernel_and_the_checks_know() -> None:
    shown = row(server(connections={"active": 1200, "inactive": 0}, configured="web1:80"), NOW)
    assert (shown.active, shown.inactive, shown.took, shown.since.words) == ("1,200", "", "1.2 ms", "3 d")
    assert shown.notes == ("gate", "in the file web1:80")


def test_a_server_of_which_nothing_is_known_yet_has_a_row() -> None:
    check = {"last": None, "seconds": None, "next": None, "interval": None, "recent": []}
    shown = row(server(status="checking", connections=None, check=check), NOW)
    assert (shown.active, shown.took, shown.spark.spoken) == ("", "", "not checked yet")


def test_how_long_a_server_is_drained_counts_from_the_command() -> None:
    assert row(drained(), NOW).since.words == "5 min"
    assert row(drained(status="down"), NOW).since.words == "3 d"
