"""What has become of commands, in words."""

from typing import Any

import pytest

from ldirectord_py.cli.blocks import Plain
from ldirectord_py.cli.ctl.reports.commands import carried_out, left, reloaded
from tests.peers.api_answers import ADMIN, NOW

WEIGHT = {**ADMIN, "kind": "weight", "weight": 1, "reason": ""}
_TAKEN_OUT = 'taken out for maintenance by root (pid 801): "disk swap"; 2 connections (1 active, 1 inactive)'


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, ADMIN, 'drained by root (pid 801): "disk swap"; 2 connections (1 active, 1 inactive)'),
        (None, WEIGHT, "weight 1, set by root (pid 801); 2 connections (1 active, 1 inactive)"),
        (None, {**ADMIN, "kind": "maintenance"}, _TAKEN_OUT),
        (ADMIN, None, 'enabled: its checks decide (before: drained by root (pid 801): "disk swap")'),
        (None, None, "nothing was in force: its checks decide"),
    ],
)
def test_a_command(before: Any, after: Any, expected: str) -> None:
    real = {"name": "one", "before": before, "after": after, "connections": {"active": 1, "inactive": 1}}
    text = Plain().written(carried_out({"reals": [real], "notes": ["by the way"]}, NOW))
    assert text == f"one  {expected}\nby the way\n"


def test_a_command_that_takes_the_place_of_another_says_so() -> None:
    real = {"name": "one", "before": WEIGHT, "after": ADMIN, "connections": None}
    text = Plain().written(carried_out({"reals": [real], "notes": []}, NOW))
    assert text.endswith("; in place of: weight 1, set by root (pid 801)\n")


def test_no_connections_are_left() -> None:
    assert left({"active": 0, "inactive": 0}) == "no connections"
    assert left({"active": 1, "inactive": 0}) == "1 connection (1 active, 0 inactive)"


def test_a_reload() -> None:
    answer = {"added": ["a"], "removed": ["b"], "changed": ["c", "d"], "warnings": ["hm"], "notes": []}
    text = "  +  a\n  -  b\n  ~  c\n  ~  d\nhm\nThe configuration is in force: 1 added, 1 removed, 2 changed.\n"
    assert Plain().written(reloaded(answer)) == text
    nothing = dict.fromkeys(("added", "removed", "changed", "warnings", "notes"), ())
    assert Plain().written(reloaded(nothing)) == "The configuration is in force: nothing has changed.\n"
