"""What the screen says of the daemon, and of the row that the cursor is on."""

from collections.abc import Iterable
from typing import Any

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.screen.lines import head_line, server_line, service_line
from tests.peers.api_answers import NOW, down, server, status, virtual

SHOP = virtual("tcp:10.0.0.1:80", server(), down())
ROLE = {"role": "standby", "source": "/run/ldirectord/role", "since": None}


def text(cells: Iterable[Cell]) -> str:
    return "".join(cell.text for cell in cells)


def head(*virtuals: dict[str, Any], **more: Any) -> str:
    return text(head_line(status(*virtuals, **more), virtuals, NOW, None, None))


def test_the_head_counts_servers_and_adds_up_rates() -> None:
    other = virtual("fwm:5", server())
    assert head(SHOP, other) == (
        "web.cf, pid 801, for 2 h \N{MIDDLE DOT} 3 servers: 2 up, 1 down \N{MIDDLE DOT} 25 new/s, 2 kB/s in, 4 kB/s out"
    )
    assert "new/s" not in head(virtual("fwm:5", rates=None))


def test_the_head_tells_what_is_to_be_known() -> None:
    assert "standby, as /run/ldirectord/role says" in head(SHOP, role=ROLE)
    vip = {"address": "10.0.0.1", "held": True, "trouble": ""}
    assert "1 of 2 VIPs is here" in head(SHOP, vips=[vip, vip | {"held": False}])
    assert "the table cannot be reached" in head(SHOP, table={"reachable": False, "agrees": False})
    assert "the table differs" in head(SHOP, table={"reachable": True, "agrees": False})
    line = text(head_line(status(SHOP), [SHOP], NOW, (1, 2), 7.0))
    assert line.endswith("1 of 2 shown \N{MIDDLE DOT} as it was 7 s ago")


def test_more_of_a_row() -> None:
    assert text(server_line(down(), NOW)).startswith("10.0.0.6:80@tcp:10.0.0.1:80: down for 3 min 20 s: GET /: 404")
    more = virtual("fwm:5", persistent=300, fallback="127.0.0.1:80", comment="the shop")
    assert text(service_line(more, NOW)) == (
        "fwm:5: wlc, checked by http (negotiate); persistent for 300 s; fallback 127.0.0.1:80; the shop;"
        " Enter shows its servers"
    )
