"""What a configuration would change, told beforehand."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.connect import Connect
from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.forecast import Circumstances, forecast
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never, Repeated
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.commands import AdminKind, AdminState, target_name
from ldirectord_py.model.config import Config, Fallback, Real, Virtual
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import TableState
from tests.unit.engine.tables import decided, destinations, endpoints, settings, tables, virtuals

ASKED = "a check of its own"
OUTCOMES = {"up": up(), "down": down(Reason.REFUSED, ""), "fault": fault("ours")}


def reals(plan: CheckPlan | str) -> st.SearchStrategy[Real]:
    plans = st.just(plan) if isinstance(plan, CheckPlan) else st.integers(1, 10**9).map(checked)
    return st.builds(Real, endpoint=endpoints, destination=destinations, plan=plans)


def checked(timeout: int) -> Repeated:
    return Repeated(probe=Probe(check=Connect(), timeout=timeout), interval=1)


def keys_of(config: Config) -> list[RealKey]:
    return [key for virtual in config.virtuals for key in virtual.keys]


def wanted(config: Config, states: Mapping[RealKey, State]) -> TableState:
    return {virtual.key: decided(virtual, states).service for virtual in config.virtuals}


def configs(*plans: CheckPlan | str) -> st.SearchStrategy[Config]:
    made = st.builds(
        Virtual,
        key=virtuals,
        settings=settings,
        reals=st.lists(st.one_of(*map(reals, plans)), max_size=4, unique_by=lambda real: real.endpoint.address).map(
            tuple
        ),
        fallback=st.none() | st.builds(Fallback, endpoint=endpoints, destination=destinations),
        quiescent=st.booleans(),
    )
    return st.builds(
        Config,
        path=st.just("x.cf"),
        virtuals=st.lists(made, max_size=3, unique_by=lambda virtual: virtual.key).map(tuple),
    )


@given(configs(ASKED, Always()), tables)
def test_both_steps_lead_to_the_table_in_which_everybody_serves(config: Config, found: TableState) -> None:
    told = forecast(config, found)

    table = dict(found)
    apply(told.now, table)
    apply(told.later, table)
    assert table == {**found, **wanted(config, dict.fromkeys(keys_of(config), State.UP))}


@given(configs(ASKED), tables, st.data())
def test_outcomes_decide_who_serves_in_the_end(config: Config, found: TableState, data: st.DataObject) -> None:
    plans = {real.plan for virtual in config.virtuals for real in virtual.reals}
    found_out = {plan: data.draw(st.sampled_from(["up", "down"])) for plan in plans}
    pairs = (pair for virtual in config.virtuals for pair in virtual.servers)
    words = {key: found_out[real.plan] for key, real in pairs}
    told = forecast(config, found, {key: OUTCOMES[word] for key, word in words.items()})

    table = dict(found)
    apply([*told.now, *told.later], table)
    assert table == {**found, **wanted(config, {key: State(word) for key, word in words.items()})}


@given(configs(Never(), ASKED), tables)
def test_what_is_not_asked_or_could_not_be_asked_changes_nothing_later(config: Config, found: TableState) -> None:
    told = forecast(config, found, dict.fromkeys(keys_of(config), OUTCOMES["fault"]))

    assert told.later == ()


@given(configs(ASKED), tables)
def test_services_that_the_file_does_not_name_are_untouched(config: Config, found: TableState) -> None:
    told = forecast(config, found)

    named = {virtual.key for virtual in config.virtuals}
    assert set(told.untouched) == set(found) - named
    assert {change.virtual for change in (*told.now, *told.later)} <= named


@given(configs(ASKED, Always(), Never()), tables, st.data())
def test_servers_in_maintenance_are_out_in_both_steps(config: Config, found: TableState, data: st.DataObject) -> None:
    keys = keys_of(config)
    maintained = {key: "a file" for key in keys if data.draw(st.booleans())}
    told = forecast(config, found, {key: up() for key in keys}, Circumstances(maintained=maintained))

    table = dict(found)
    for step in (told.now, told.later):
        apply(step, table)
        for virtual in config.virtuals:
            spare = virtual.kernel_endpoint(virtual.fallback) if virtual.fallback else None
            for key in maintained:
                if key.virtual == virtual.key and key.real != spare:
                    entry = table[virtual.key].destinations.get(key.real)
                    assert entry is None or entry.weight == 0


@given(configs(ASKED, Always(), Never()), tables, st.data())
def test_servers_that_an_operator_has_drained_stay_so_in_both_steps(
    config: Config, found: TableState, data: st.DataObject
) -> None:
    drained = {key for key in keys_of(config) if data.draw(st.booleans())}
    said = AdminState(kind=AdminKind.DRAIN, by="root", since=1.0)
    known = Circumstances(commanded={target_name(key): said for key in drained})
    told = forecast(config, found, None, known)

    table = dict(found)
    for step in (told.now, told.later):
        apply(step, table)
        for virtual in config.virtuals:
            spare = virtual.kernel_endpoint(virtual.fallback) if virtual.fallback else None
            for key in drained:
                if key.virtual == virtual.key and key.real != spare:
                    assert table[virtual.key].destinations[key.real].weight == 0
