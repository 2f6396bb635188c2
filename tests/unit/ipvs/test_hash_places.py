"""What is written for a new entry of weight 0."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ldirectord_py.ipvs.hash_places import steps
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import Forwarding, MarkKey
from ldirectord_py.model.table import AddDestination, Change, Destination, RemoveDestination, SetDestination

WEB, REAL = MarkKey(7), Endpoint(IPv4Address("10.0.0.5"), 80)
OUT = Destination(forwarding=Forwarding.GATE, weight=0, upper=9, lower=4, hashed_weight=3)


def test_its_weight_in_the_hash_table_is_made_known_first() -> None:
    entered, quiesced = steps(AddDestination(WEB, REAL, OUT))
    assert entered == AddDestination(WEB, REAL, replace(OUT, weight=3))
    assert quiesced == SetDestination(WEB, REAL, OUT)


@pytest.mark.parametrize(
    "change",
    [
        AddDestination(WEB, REAL, replace(OUT, hashed_weight=0)),
        AddDestination(WEB, REAL, replace(OUT, weight=2)),
        SetDestination(WEB, REAL, OUT),
        RemoveDestination(WEB, REAL),
    ],
    ids=str,
)
def test_all_else_takes_one_step(change: Change) -> None:
    assert steps(change) == (change,)
