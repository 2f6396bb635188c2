"""The changes between two tables."""

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.plan import drift, plan
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.events import DriftKind
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol
from ldirectord_py.model.table import (
    AddDestination,
    Destination,
    RemoveDestination,
    Service,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
    TableState,
)
from tests.unit.engine.tables import tables

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.9.9.1"), 80))
ONE, TWO = (Endpoint(IPv4Address(f"10.9.0.{n}"), 80) for n in (1, 2))
SETTINGS = Settings(scheduler="wlc", netmask=IPv4Address("255.255.255.255"))
WEIGHT_3 = Destination(forwarding=Forwarding.GATE, weight=3)
WEIGHT_0 = Destination(forwarding=Forwarding.GATE, weight=0)


@given(wanted=tables, actual=tables)
def test_a_plan_leads_to_what_is_wanted_and_leaves_other_services_alone(wanted: TableState, actual: TableState) -> None:
    state = dict(actual)
    apply(plan(wanted, actual), state)

    assert state == {**actual, **wanted}


@given(table=tables)
def test_a_plan_for_what_is_there_is_empty(table: TableState) -> None:
    assert plan(table, table) == []


@given(wanted=tables, actual=tables, data=st.data())
def test_services_that_were_ours_go(wanted: TableState, actual: TableState, data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(actual, key=str)))) if actual else set()
    state = dict(actual)
    apply(plan(wanted, actual, gone), state)

    assert state == {**{key: kept for key, kept in actual.items() if key not in gone}, **wanted}


@given(wanted=tables, actual=tables)
def test_no_service_loses_a_server_before_it_has_its_new_ones(wanted: TableState, actual: TableState) -> None:
    for virtual in wanted:
        changes = [change for change in plan(wanted, actual) if change.virtual == virtual]
        kinds = [type(change) for change in changes]
        if RemoveDestination in kinds:
            first = kinds.index(RemoveDestination)
            assert all(kind is RemoveDestination for kind in kinds[first:])


def test_who_takes_over_comes_before_the_weight_of_another_falls_to_0() -> None:
    before = {WEB: Service(SETTINGS, {ONE: WEIGHT_3})}
    after = {WEB: Service(SETTINGS, {ONE: WEIGHT_0, TWO: WEIGHT_3})}

    assert plan(after, before) == [AddDestination(WEB, TWO, WEIGHT_3), SetDestination(WEB, ONE, WEIGHT_0)]


def test_a_changed_weight_is_one_set_and_nothing_else() -> None:
    before = {WEB: Service(SETTINGS, {ONE: WEIGHT_3, TWO: WEIGHT_3})}
    after = {WEB: Service(SETTINGS, {ONE: WEIGHT_0, TWO: WEIGHT_3})}

    assert plan(after, before) == [SetDestination(WEB, ONE, WEIGHT_0)]


def test_drift_says_what_somebody_has_changed() -> None:
    found = {WEB: Service(SETTINGS, {ONE: WEIGHT_0})}
    told = [drift(change, found) for change in plan({WEB: Service(SETTINGS, {ONE: WEIGHT_3, TWO: WEIGHT_3})}, found)]

    assert [(each.kind, each.sentence) for each in told] == [
        (DriftKind.WEIGHT, "it had weight 0 instead of 3"),
        (DriftKind.MISSING_DESTINATION, "the server was missing"),
    ]


def test_drift_says_in_the_words_of_the_file_how_a_service_was_set_up() -> None:
    ours = replace(SETTINGS, flags=ServiceFlags.ONE_PACKET)
    persistent = replace(SETTINGS, flags=ServiceFlags.PERSISTENT, persistence=600)
    hashed = replace(SETTINGS, scheduler="sh", flags=ServiceFlags.SCHED1 | ServiceFlags.SCHED2)
    called = replace(SETTINGS, engine="sip", flags=ServiceFlags.SCHED3)
    told = [
        drift(SetService(WEB, wanted), {WEB: Service(found)}).sentence
        for wanted, found in ((ours, SETTINGS), (SETTINGS, persistent), (SETTINGS, hashed), (called, SETTINGS))
    ]

    assert told == [
        "it had ops=no instead of yes",
        "it had persistent=600 instead of no",
        "it had scheduler=sh instead of wlc, schedflags=sh-fallback,sh-port instead of none",
        "it had schedflags=none instead of flag-3, engine=none instead of sip",
    ]


def test_drift_says_how_a_server_was_entered() -> None:
    found = {WEB: Service(SETTINGS, {ONE: replace(WEIGHT_3, forwarding=Forwarding.MASQ, upper=7, lower=3)})}
    told = drift(SetDestination(WEB, ONE, WEIGHT_3), found)

    assert told.kind is DriftKind.DESTINATION
    assert told.sentence == (
        "it had forwarding masq instead of gate, upper threshold 7 instead of 0, lower threshold 3 instead of 0"
    )


def test_drift_of_a_lost_service_names_the_service_first() -> None:
    changes = plan({WEB: Service(SETTINGS, {ONE: WEIGHT_3})}, {})

    assert [drift(change, {}).kind for change in changes] == [
        DriftKind.MISSING_SERVICE,
        DriftKind.MISSING_DESTINATION,
    ]
    assert changes[1] == AddDestination(WEB, ONE, WEIGHT_3)
