from ldirectord_py.api.page.feed import feed
from tests.unit.api.page.documents import NOW, event


def test_the_newest_events_come_first_and_name_their_server() -> None:
    about = {"real": "10.0.0.5:80", "virtual": "tcp:10.0.0.1:80"}
    told = [
        event(1, "a", "old"),
        event(2, "b", "of a virtual", virtual="tcp:10.0.0.1:80"),
        event(3, "c", "new", **about),
    ]
    lines = feed(told, NOW, 2)
    assert [(line.number, line.server) for line in lines] == [(3, "10.0.0.5:80@tcp:10.0.0.1:80"), (2, "")]


def test_a_level_that_is_not_known_is_an_ordinary_one() -> None:
    (line,) = feed([event(1, "a", "old", level='x" onclick="')], NOW, 5)
    assert line.level == "info"
