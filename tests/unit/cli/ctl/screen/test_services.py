"""Which virtual services the screen shows first, and what of each."""

from ldirectord_py.cli.ctl.screen.services import COLUMNS, ServicesSheet
from tests.peers.api_answers import NOW, down, server, virtual

TITLES = [column.title for column in COLUMNS]
WELL = virtual("tcp:10.0.0.1:80", server(), servicename="shop")
AILING = virtual("tcp:10.0.0.2:80", server(), down(), rates=None, connections=None)
FALLEN = virtual("tcp:10.0.0.3:80", down(), mode="fallback", fallback="127.0.0.1:80")
UNSERVED = virtual("fwm:5", down(), mode="nobody")
EMPTY = virtual("tcp:10.0.0.4:80", mode="nobody")


def services() -> ServicesSheet:
    made = ServicesSheet()
    made.keep([WELL, AILING, FALLEN, UNSERVED, EMPTY])
    return made


def texts(name: str) -> dict[str, str]:
    return dict(zip(TITLES, [cell.text for cell in services().cells(name, NOW)], strict=True))


def test_those_come_first_that_nobody_serves() -> None:
    assert services().names(NOW) == [each["name"] for each in (UNSERVED, FALLEN, AILING, WELL, EMPTY)]


def test_any_column_sorts_and_again_the_other_way_round() -> None:
    sheet = services()
    for number in range(len(COLUMNS)):
        sheet.sort_by(number)
        first = sheet.names(NOW)
        sheet.sort_by(number)
        assert sheet.names(NOW) == first[::-1]


def test_the_rates_of_a_service() -> None:
    found = texts("tcp:10.0.0.1:80")
    assert (found["VIRTUAL"], found["SERVERS"]) == ("tcp:10.0.0.1:80 (shop)", "1 of 1 up")
    assert (found["ACTIVE"], found["NEW/S"], found["IN"], found["OUT"]) == ("1,200", "12", "1 kB/s", "2 kB/s")
    assert found["NEW/S LATELY"].strip() == "█"


def test_what_is_not_known_is_left_empty() -> None:
    found = texts("tcp:10.0.0.2:80")
    assert (found["SERVERS"], found["ACTIVE"], found["NEW/S"], found["OUT"]) == ("1 of 2 up", "", "", "")


def test_who_serves_instead() -> None:
    assert texts("tcp:10.0.0.3:80")["SERVERS"] == "0 of 1 up: fallback"
    assert texts("fwm:5")["SERVERS"] == "0 of 1 up: nobody serves"
    assert texts("tcp:10.0.0.4:80")["SERVERS"] == "0 of 0 up"
