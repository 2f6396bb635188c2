"""The director's role among others in words."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.cli.blocks import Cell
from ldirectord_py.cli.ctl.reports.words import clock
from ldirectord_py.cli.terminal import Style
from ldirectord_py.model.cluster.role import Role


def role_cells(role: Mapping[str, Any], now: float) -> tuple[Cell, ...]:
    """Return the role that the API tells, since when, and what says so: `standby since 14:03:22, as /run/... says`."""
    style = Style.GREEN if role["role"] == Role.ACTIVE else Style.YELLOW
    since = "" if role["since"] is None else f" since {clock(role['since'], now)}"
    return Cell(role["role"], style), Cell(f"{since}, as {role['source']} says")


def is_told(status: Mapping[str, Any]) -> bool:
    """Return whether the role of a daemon is worth a word: most have no other director beside them."""
    role = status.get("role")
    return role is not None and not role["role"] == role["source"] == Role.ACTIVE
