from typing import Any

import pytest

from ldirectord_py.api.page.services import ROWS, TROUBLED, Selection, head, service
from ldirectord_py.api.page.view import PageView
from tests.unit.api.page.documents import NOW, at_once, down, drained, server, virtual


@pytest.mark.parametrize(
    ("document", "level", "served"),
    [
        (virtual(), "note", "It has no servers."),
        (virtual(reals=[server()]), "good", "Served by its only server."),
        (virtual(reals=[server(), server("10.0.0.8:80")]), "good", "Served by all of its 2 servers."),
        (virtual(reals=[server(), down()]), "warning", "Served by 1 of 2 servers."),
        (virtual(reals=[server(), drained()]), "note", "Served by 1 of 2 servers."),
        (virtual(reals=[down()]), "bad", "Nobody serves it."),
        (
            virtual(reals=[down()], mode="fallback", fallback="127.0.0.1:80"),
            "warning",
            "None of its 1 server serves: the fallback 127.0.0.1:80 stands in.",
        ),
    ],
)
def test_a_sentence_says_who_serves(document: dict[str, Any], level: str, served: str) -> None:
    shown = head(document)
    assert (shown.level, shown.served) == (level, served)


def test_the_head_counts_who_is_not_up_and_has_the_rates() -> None:
    shown = head(virtual(reals=[server(), down(), drained()], servicename="shop"))
    assert [(state, number) for state, number, _ in shown.counts] == [("down", 1), ("draining", 1)]
    assert shown.notes == ("shop",)
    assert ("New", "120 /s") in shown.facts
    assert [(cell.status, cell.width) for cell in shown.cells] == [("up", 1), ("down", 1), ("draining", 1)]


async def test_healthy_servers_are_left_out_unless_they_are_asked_for() -> None:
    reals = [server(f"10.0.1.{number}:80") for number in range(100)] + [down()]
    document = virtual(reals=reals)
    few = await service(document, Selection(view=PageView(), everything=False), NOW, at_once)
    assert ([row.status for row in few.rows], few.hidden) == (["down"], 100)
    assert len((await service(document, Selection(view=PageView(), everything=True), NOW, at_once)).rows) == 101
    filtered = await service(document, Selection(view=PageView(text="10.0.1.7"), everything=False), NOW, at_once)
    assert [row.real for row in filtered.rows] == ["10.0.1.7:80", *(f"10.0.1.7{digit}:80" for digit in range(10))]


async def test_no_virtual_service_has_more_rows_than_a_page() -> None:
    reals = [down(f"10.0.{number // 200}.{number % 200}:80") for number in range(ROWS + 10)]
    document = virtual(reals=reals)
    assert len((await service(document, Selection(view=PageView(), everything=False), NOW, at_once)).rows) == TROUBLED
    last = await service(document, Selection(view=PageView(), everything=True, first=ROWS), NOW, at_once)
    assert [row.real for row in last.rows] == [each["real"] for each in reals[ROWS:]]
