"""The causes of a weight, from the one that is configured to the one that the table has."""

from ldirectord_py.cli.blocks import Plain
from ldirectord_py.cli.ctl.reports.why import reasons
from tests.peers.api_answers import ADMIN, NOW, down, draining, server

EVENT = {"id": 7, "time": NOW - 200, "level": "warning", "sentence": "it is down: 404"}


def told(about: dict[str, object], *events: dict[str, object]) -> list[str]:
    return Plain().written(reasons([about], {str(about["name"]): {"events": events}}, NOW)).splitlines()


def test_a_server_that_is_out() -> None:
    first, _, config, check, table, _, checked, found, takes, _, head, event = told(down(), EVENT)
    assert first == "10.0.0.6:80@tcp:10.0.0.1:80: down for 3 min 20 s; it gets no new connections"
    assert config == "  config  weight 3 is configured"
    assert check.startswith("  check   it fails: 404, expected 2xx (since ")
    assert table == "  table   has weight 0, as it should"
    assert checked == "  checked  every 10 s; last 4 s ago, took 3.2 ms; next in 6 s"
    assert found == "  found    GET /: 404, expected 2xx"
    assert takes == "  takes    1 more success brings it back"
    assert head == "What happened last:"
    assert event.endswith("  it is down: 404")


def test_a_table_that_differs_is_told() -> None:
    lines = told(server(weight={"configured": 3, "effective": 3, "kernel": None}))
    assert "  table   has no entry for it, and should have weight 3" in lines


def test_a_server_that_nobody_checks() -> None:
    never = {"last": None, "seconds": None, "next": None, "interval": None, "recent": []}
    assert "  checked  never: its section says so" in told(server(check=never, asked="", takes=""))


def test_a_server_that_is_drained_says_how_that_ends() -> None:
    lines = told(draining())
    assert lines[0] == "10.0.0.7:80@tcp:10.0.0.1:80: draining for 1 min; it gets no new connections"
    assert "  takes    'ldirectorctl enable 10.0.0.7:80@tcp:10.0.0.1:80' takes it back" in lines


def test_a_server_that_is_down_comes_back_by_its_checks_whatever_weight_it_was_given() -> None:
    lines = told(down(admin={**ADMIN, "kind": "weight", "weight": 9}))
    name = "10.0.0.6:80@tcp:10.0.0.1:80"
    assert f"  undone   by 'ldirectorctl enable {name}': it has weight 3 then" in lines
    assert "  takes    1 more success brings it back" in lines


def test_a_server_that_is_drained_and_down_takes_both() -> None:
    lines = told(draining(state="down", takes="2 more successes"))
    assert "  takes     'ldirectorctl enable 10.0.0.7:80@tcp:10.0.0.1:80' takes it back" in lines
    assert "  and then  2 more successes bring it back" in lines


def test_a_server_in_maintenance_was_not_asked() -> None:
    file = {"maintenance_file": "one", "status": "maintenance", "detail": "Server in maintenance", "takes": ""}
    rows = [line.split(maxsplit=1) for line in told(down(**file)) if line]
    assert ["checked", "not while it is in maintenance"] in rows
    assert ["takes", "'one' removed from maintenancedir, and a success then"] in rows
    assert "found" not in [name for name, _ in rows]
