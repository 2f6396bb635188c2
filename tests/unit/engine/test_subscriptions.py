"""Which servers each plan speaks for, step by step and at once."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.connect import Connect
from ldirectord_py.engine.subscriptions import Subscriptions
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Polled, Repeated
from ldirectord_py.model.checks.probe import CheckTarget, Probe
from ldirectord_py.model.service import MarkKey, RealKey

SERVERS = [RealKey(MarkKey(mark), Endpoint(ip_address(f"10.0.0.{n}"), 80)) for mark in (1, 2) for n in (1, 2, 3)]


def plan(number: int) -> Repeated:
    target = CheckTarget(endpoint=Endpoint(ip_address("10.0.0.9"), number))
    return Repeated(probe=Probe(check=Connect(), target=target, timeout=5), interval=10)


PLANS: list[CheckPlan] = [Always(), plan(1), plan(2), plan(3)]


def subscribers(plans: dict[RealKey, CheckPlan]) -> dict[Polled, dict[RealKey, None]]:
    found: dict[Polled, dict[RealKey, None]] = {}
    for real, its in plans.items():
        if isinstance(its, Polled):
            found.setdefault(its, {})[real] = None
    return found


@given(
    first=st.lists(st.sampled_from(PLANS), min_size=len(SERVERS), max_size=len(SERVERS)),
    asked=st.sets(st.sampled_from(range(1, 4))),
    moves=st.lists(st.tuples(st.sampled_from(SERVERS), st.sampled_from(PLANS)), max_size=12),
)
def test_moving_servers_one_by_one_comes_to_the_same_as_telling_of_all(first, asked, moves) -> None:
    plans: dict[RealKey, CheckPlan] = dict(zip(SERVERS, first, strict=True))
    followed, begun = Subscriptions(), subscribers(plans)
    followed.replace(begun)
    for number in asked:
        if plan(number) in followed.reals:
            list(followed.asked(plan(number)))
    under_way = set(begun)
    for real, its in moves:
        if its == plans[real]:
            continue
        changed = followed.move(real, plans[real], its)
        assert {each for each, begins in changed.items() if begins}.isdisjoint(under_way)
        under_way = {*under_way, *changed} - {each for each, begins in changed.items() if not begins}
        plans[real] = its

    at_once = subscribers(plans)
    assert under_way == set(at_once)
    assert {each: set(reals) for each, reals in followed.reals.items()} == {
        each: set(reals) for each, reals in at_once.items()
    }
    for virtual in (MarkKey(1), MarkKey(2)):
        waited_for = any(real.virtual == virtual for each in followed.unasked for real in followed.reals[each])
        assert followed.awaited(virtual) == waited_for
