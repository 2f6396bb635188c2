"""What would be done with VIPs, found out without doing it."""

from collections.abc import Collection, Iterator, Sequence

from ldirectord_py.cluster.rtnetlink import session
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipPlan, plan_vips
from ldirectord_py.cluster.vips.wanted import wanted_vips
from ldirectord_py.model.cluster.vips import VipState
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.plan_steps import VipAction, VipStep


async def foreseen_vips(config: Config, added: Collection[AddedVip], *, active: bool) -> Sequence[VipStep]:
    """Return what *config* would do with VIPs now if it were in force, and the director *active* or not.

    *added* are those that are ours.  Other machines are not asked whether they have one.
    Raises `DirectorError` if the kernel does not say which addresses there are.
    """
    wanted = wanted_vips(config)
    if not wanted and not added:
        return ()
    try:
        async with session() as kernel:
            network = await kernel.network()
    except OSError as error:
        raise DirectorError(f"the addresses of this machine cannot be read: {error.strerror or error}") from error
    return tuple(steps_of(plan_vips(wanted, added, network, active=active)))


def steps_of(plan: VipPlan) -> Iterator[VipStep]:
    """Yield what *plan* would do, and what it would not, and why."""
    for one in plan.remove:
        yield VipStep(action=VipAction.REMOVE, address=one.address, device=one.device)
    for one in plan.add:
        yield VipStep(action=VipAction.ADD, address=one.address, device=one.device)
    for address, verdict in plan.verdicts.items():
        if verdict.state is VipState.STANDBY:
            why = f"this director is on standby{verdict.sentence and f', and {verdict.sentence}'}"
        else:
            why = verdict.sentence
        if why:
            yield VipStep(action=VipAction.NONE, address=address, device=verdict.device, sentence=why)
