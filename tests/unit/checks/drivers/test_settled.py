from ldirectord_py.checks.drivers.settled import Settled
from ldirectord_py.model.outcome import Reason, down


async def test_the_outcome_is_what_it_was_made_with() -> None:
    outcome = down(Reason.REFUSED, "no port")
    assert await Settled(outcome=outcome).run() == outcome
