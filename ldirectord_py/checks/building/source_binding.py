"""From which address and through which interface a check sets out: `checksource` and `checkdevice`."""

from dataclasses import replace

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.model.check_options import CheckOptions, CheckType
from ldirectord_py.model.probe import FixedOutcome, Origin, Probe


def setting_out(options: CheckOptions, probe: Probe) -> Probe:
    """Return *probe* from where it is to set out; raises `InvalidOption` where it cannot be told to."""
    if options.checksource is None and options.checkdevice is None:
        return probe
    from ldirectord_py.checks.ftp.driver import Ftp  # noqa: PLC0415  # imports asyncio: a third of what a start takes

    origin = Origin(address=options.checksource, device=options.checkdevice)
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
            raise InvalidOption(name, f"this does not work with {_kind(options)}; write {name}=none in its section")


def _fitting(origin: Origin, version: int) -> Origin:
    if origin.address is not None and origin.address.version != version:
        sentence = f"expected an IPv{version} address, as its real servers have, but got {origin.address}"
        raise InvalidOption("checksource", sentence)
    return origin


def _kind(options: CheckOptions) -> str:
    if options.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
        return f"checktype={options.checktype}"
    return f"service={options.service}"
