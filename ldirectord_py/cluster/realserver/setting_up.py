"""Makes this machine a real server, and puts everything back."""

from collections.abc import Sequence

from ldirectord_py.cluster.realserver.statefile import StepsFile
from ldirectord_py.cluster.realserver.steps import (
    AddAddress,
    RaiseDevice,
    SetSetting,
    SetUpRefused,
    SetupStep,
    device_for,
    refuse,
    steps,
    to_undo,
)
from ldirectord_py.cluster.rtnetlink import Rtnetlink
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.sysctls import current, put


async def set_up(kernel: Rtnetlink, file: StepsFile, vips: Sequence[IPAddress], *, tunnel: bool) -> list[SetupStep]:
    """Take what steps are missing for *vips*, and return them; if one fails, those before it are undone.

    Raises `SetUpRefused`, with nothing changed, and `OSError` of what the kernel refuses.
    """
    done = file.read()
    network = await kernel.network()
    refuse(vips, network, tunnel=tunnel)
    for device in {device_for(vip, tunnel=tunnel) for vip in vips} - network.devices.keys():
        await kernel.add_tunnel(device)
        network = await kernel.network()
    missing = steps(vips, network, current, tunnel=tunnel)
    file.write(_merged(done, missing))  # first, so that whoever is killed in between leaves nothing behind
    taken: list[SetupStep] = []
    try:
        for step in missing:
            await _take(kernel, step)
            taken.append(step)
    except OSError:
        for step in reversed(taken):
            await _undo(kernel, step)
        file.write(done)
        raise
    return missing


async def put_back(kernel: Rtnetlink, file: StepsFile, vips: Sequence[IPAddress]) -> tuple[list[SetupStep], list[str]]:
    """Undo what was done for *vips*, or for all; return what was undone, and in sentences what was left as it is.

    Raises `SetUpRefused`, with nothing changed, for a VIP that somebody else has added.
    """
    done = file.read()
    ours = [step.address for step in done if isinstance(step, AddAddress)]
    network = await kernel.network()
    for vip in vips:
        if vip not in ours and (held := network.holders(vip)):
            command = f"ip address del {held[0]} dev {held[0].device}"
            raise SetUpRefused(f"{held[0]} on {held[0].device} was not added by this command; {command} removes it")
    undoing = to_undo(done, vips or ours)
    undone, left = [], []
    for step in undoing:
        if (why := await _undo(kernel, step)) is None:
            undone.append(step)
        else:
            left.append(why)
    file.write([step for step in done if step not in undoing])
    return undone, left


def added(file: StepsFile) -> list[IPAddress]:
    """Return the VIPs that were added and not taken away again."""
    return [step.address for step in file.read() if isinstance(step, AddAddress)]


def _merged(done: Sequence[SetupStep], missing: Sequence[SetupStep]) -> list[SetupStep]:
    """Return all steps; of a setting that somebody has changed in between, the first value is the one to return to."""
    known = {step.name for step in done if isinstance(step, SetSetting)}
    return [*done, *(step for step in missing if step not in done and getattr(step, "name", None) not in known)]


async def _take(kernel: Rtnetlink, step: SetupStep) -> None:
    match step:
        case SetSetting():
            put(step.name, step.value)
        case RaiseDevice():
            await kernel.set_up(step.device, up=True)
        case AddAddress():
            await kernel.add_address(step.address, step.device)


async def _undo(kernel: Rtnetlink, step: SetupStep) -> str | None:
    """Undo *step*; return a sentence if it is left as it is."""
    match step:
        case SetSetting():
            return _reset(step)
        case RaiseDevice():
            held = [each for each in (await kernel.network()).addresses if each.device == step.device]
            if others := [str(each) for each in held if not each.address.is_link_local]:
                return f"{step.device} stays up: somebody else has {', '.join(others)} there"
            await kernel.set_up(step.device, up=False)
        case AddAddress():
            await kernel.remove_address(step.address, step.device)
    return None


def _reset(step: SetSetting) -> str | None:
    """Give a setting back the value it had; return a sentence if somebody else has given it another one since."""
    now = current(step.name)
    if now is None or now == step.before:
        return None
    if now != step.value:
        return f"{step.name} is {now}, which somebody else has set; it was {step.before} before"
    put(step.name, step.before)
    return None
