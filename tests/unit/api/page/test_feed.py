from typing import Any

import pytest

from ldirectord_py.api.page.feed import feed
from tests.unit.api.page.documents import NOW, commanded, event, health

ABOUT = {"real": "10.0.0.5:80", "virtual": "tcp:10.0.0.1:80"}
NAME = "Real server 10.0.0.5:80 (tcp:10.0.0.1:80)"


def test_the_newest_events_come_first_and_name_their_server() -> None:
    told = [
        event(1, "a", "old"),
        event(2, "b", "of a virtual", virtual="tcp:10.0.0.1:80"),
        event(3, "c", "new", **ABOUT),
    ]
    lines = feed(told, NOW, 2)
    assert [(line.number, line.server, line.text) for line in lines] == [
        (3, "10.0.0.5:80@tcp:10.0.0.1:80", "new"),
        (2, "", "of a virtual"),
    ]


def test_a_sentence_about_a_server_begins_with_its_name_once() -> None:
    asked = "GET http://10.0.0.5/"
    told = event(1, "real_down", f"{NAME} is down (1 of 1): {asked}: 404", asked=asked, **ABOUT)
    (line,) = feed([told], NOW, 5)
    assert (line.real, line.virtual, line.text) == ("10.0.0.5:80", "10.0.0.1:80", "is down (1 of 1): 404")


@pytest.mark.parametrize(
    ("told", "mark"),
    [
        (health("up", "down", 5, level="warning"), "down"),
        (commanded(None, "drain", 5), "draining"),
        (commanded("drain", None, 5), ""),
        (event(1, "virtual_unserved", "", level="error"), "virtual"),
        (event(1, "reload_refused", "", level="error"), "error"),
        (event(1, "drift_found", "", level="warning"), "warning"),
        (event(1, "reloaded", ""), ""),
    ],
)
def test_a_mark_says_what_it_is_about(told: dict[str, Any], mark: str) -> None:
    (line,) = feed([told], NOW, 5)
    assert line.mark == mark


def test_what_follows_upon_other_events_and_details_are_left_out() -> None:
    assert feed([event(1, "table_changed", ""), event(2, "a", "", level="debug")], NOW, 5) == ()


def test_a_level_that_is_not_known_is_an_ordinary_one() -> None:
    (line,) = feed([event(1, "a", "old", level='x" onclick="')], NOW, 5)
    assert (line.level, line.mark) == ("", "")
