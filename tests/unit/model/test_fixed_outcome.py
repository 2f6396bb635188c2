from ldirectord_py.model.checking import FixedOutcome
from ldirectord_py.model.outcome import Reason, down


async def test_the_outcome_is_what_it_was_made_with() -> None:
    outcome = down(Reason.REFUSED, "no port")
    assert await FixedOutcome(outcome=outcome).run() == outcome
