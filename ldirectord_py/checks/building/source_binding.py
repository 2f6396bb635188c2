"""From which address and through which interface a check sets out: `checksource` and `checkdevice`."""

from dataclasses import replace

from ldirectord_py.checks.building.invalid_option import Misasked
from ldirectord_py.model.asking import Asking, CheckType
from ldirectord_py.model.checking import FixedOutcome, Origin, Probe


def setting_out(asking: Asking, probe: Probe) -> Probe:
    """Return *probe* from where it is to set out; raises `Misasked` where it cannot be told to."""
    if asking.checksource is None and asking.checkdevice is None:
        return probe
    from ldirectord_py.checks.ftp.driver import Ftp  # noqa: PLC0415  # imports asyncio: a third of what a start takes

    origin = Origin(address=asking.checksource, device=asking.checkdevice)
    match probe.check:
        case FixedOutcome():
            return probe
        case Ftp() as check:
            return replace(probe, check=replace(check, origin=_fitting(origin, check.server.address.version)))
        case _ if probe.target is not None:
            version = probe.target.endpoint.address.version
            return replace(probe, target=replace(probe.target, origin=_fitting(origin, version)))
        case _:
            name = "checksource" if origin.address is not None else "checkdevice"
            raise Misasked(name, f"this does not work with {_kind(asking)}; write {name}=none in its section")


def _fitting(origin: Origin, version: int) -> Origin:
    if origin.address is not None and origin.address.version != version:
        sentence = f"expected an IPv{version} address, as its real servers have, but got {origin.address}"
        raise Misasked("checksource", sentence)
    return origin


def _kind(asking: Asking) -> str:
    if asking.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
        return f"checktype={asking.checktype}"
    return f"service={asking.service}"
