"""When a drain has come to its end, and what keeps it from that."""

from typing import Any

import pytest

from ldirectord_py.cli.ctl.remote.draining import NoLongerDrained, counted, explanations, is_empty
from tests.peers.api_answers import draining, server, virtual

UDP = "udp:10.0.0.1:53"


@pytest.mark.parametrize(
    ("about", "empty"),
    [
        (draining(connections={"active": 1, "inactive": 0}), False),
        (draining(connections={"active": 0, "inactive": 9}), True),
        (draining(virtual=UDP, connections={"active": 0, "inactive": 9}), False),
        (draining(virtual="fwm:5", connections={"active": 0, "inactive": 9}), False),
        (draining(connections=None), False),
        (draining(connections=None, weight={"configured": 3, "effective": None, "kernel": None}), True),
    ],
    ids=["active", "ended", "UDP", "a mark, which may be UDP", "unknown", "no entry"],
)
def test_what_is_left_of_a_server(about: dict[str, Any], empty: bool) -> None:
    assert is_empty([about]) is empty


def test_a_server_that_is_gone_has_nothing_left() -> None:
    assert is_empty([])
    assert counted([]) == {"active": 0, "inactive": 0}


def test_a_command_that_was_taken_back_is_no_drain() -> None:
    with pytest.raises(NoLongerDrained, match=r"10\.0\.0\.5:80@tcp:10\.0\.0\.1:80 is drained no longer"):
        is_empty([draining(), server()])


def test_counts_are_of_all_servers_together_or_unknown() -> None:
    assert counted([draining(), draining()]) == {"active": 24, "inactive": 6912}
    assert counted([draining(), draining(connections=None)]) is None


@pytest.mark.parametrize(
    ("about", "setting", "hard", "words"),
    [
        ([virtual()], 0, False, []),
        ([virtual(UDP)], 0, False, ["over UDP no connection ends"]),
        ([virtual(UDP)], 0, True, ["over UDP no", "is persistent: no client", "expire_nodest_conn = 1"]),
        ([virtual(persistent=360)], 0, False, ["a persistent client comes back", "--hard says what"]),
        ([virtual(persistent=360)], 0, True, ["a persistent client comes back", "sysctl -w"]),
        ([virtual(persistent=360)], 1, True, ["persistent clients go elsewhere"]),
        ([virtual()], 0, True, ["no virtual service concerned is persistent"]),
    ],
)
def test_what_drains_do_not_end_is_explained(
    about: list[dict[str, Any]], setting: int, hard: bool, words: list[str]
) -> None:
    sentences = list(explanations(about, setting, hard=hard))
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=True))
