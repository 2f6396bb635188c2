from collections.abc import Mapping
from typing import Any

import pytest

from ldirectord_py.cli.daemon.account import place

STANDBY = {"role": "standby", "source": "/run/ldirectord.role", "since": None}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({}, ""),
        ({"virtuals": 3, "servers": {}}, ""),
        ({"virtuals": 3, "served": 3, "role": STANDBY | {"source": "active"}}, ""),
        (
            {"virtuals": 3, "served": 2, "role": STANDBY},
            "role: standby, from /run/ldirectord.role\nserved: 2 of 3 virtual services",
        ),
        (
            {"virtuals": 1, "served": 1, "role": {"role": "active", "source": "vip:192.0.2.1", "since": 1.5}},
            "role: active, from vip:192.0.2.1\nserved: 1 of 1 virtual service",
        ),
    ],
    ids=["no answer", "an older daemon", "a role that never changes", "standby", "active"],
)
def test_the_role_is_told_where_it_can_change(reply: Mapping[str, Any], expected: str) -> None:
    assert place(reply) == expected
