"""From which address and through which interface a check is sent: `checksource` and `checkdevice`."""

from dataclasses import replace
from typing import Protocol, runtime_checkable

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckOptions, CheckType
from ldirectord_py.model.checks.conversation import Driver
from ldirectord_py.model.checks.probe import FixedOutcome, Origin


@runtime_checkable
class BindingDriver(Driver, Protocol):
    """A driver that opens its connections itself, and can be told from where."""

    @property
    def server(self) -> Endpoint:
        """Where they go."""
        ...

    def setting_out_from(self, origin: Origin) -> Driver:
        """Return the same check, from *origin*."""
        ...


def with_source(options: CheckOptions, built: BuiltCheck) -> BuiltCheck:
    """Return *built* with the source that is configured; raises `InvalidOption` where it can have none."""
    if options.checksource is None and options.checkdevice is None:
        return built
    origin = Origin(address=options.checksource, device=options.checkdevice)
    match built.check:
        case FixedOutcome():
            return built
        case BindingDriver() as driver:
            return replace(built, check=driver.setting_out_from(_fitting(origin, driver.server)))
        case _ if built.target is not None:
            fitting = _fitting(origin, built.target.endpoint)
            return replace(built, target=replace(built.target, origin=fitting))
        case _:
            name = "checksource" if origin.address is not None else "checkdevice"
            raise InvalidOption(name, f"this does not work with {_kind(options)}; write {name}=none in its section")


def _fitting(origin: Origin, endpoint: Endpoint) -> Origin:
    version = endpoint.address.version
    if origin.address is not None and origin.address.version != version:
        sentence = f"expected an IPv{version} address, as its real servers have, but got {origin.address}"
        raise InvalidOption("checksource", sentence)
    return origin


def _kind(options: CheckOptions) -> str:
    if options.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
        return f"checktype={options.checktype}"
    return f"service={options.service}"
