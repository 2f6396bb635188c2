from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.checks.probe import FixedOutcome
from tests.peers.driver_services import services


async def test_the_outcome_is_what_it_was_made_with() -> None:
    outcome = down(Reason.REFUSED, "no port")
    assert await FixedOutcome(outcome=outcome).run(services()) == outcome
