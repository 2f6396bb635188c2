"""A configuration as the engine needs it, as JSON: no requests, no secrets, and checks by their numbers alone."""

from collections.abc import Callable

from ldirectord_py.engine.recording import names
from ldirectord_py.engine.recording.names import Json
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never, Polled
from ldirectord_py.model.config import Config, Fallback, ForeignWeight, Real, Virtual
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.names import endpoint, virtual_key

NumberOf = Callable[[Polled], int]
PlanOf = Callable[[int], Polled]


def config_as_json(config: Config, number_of: NumberOf) -> Json:
    """Return what the engine looks at of *config*."""
    return {
        "path": config.path,
        "readdquiescent": config.readdquiescent,
        "faultlimit": config.faults.limit,
        "faultdown": config.faults.down,
        "virtuals": [_virtual_as_json(virtual, number_of) for virtual in config.virtuals],
    }


def config(found: Json, plan_of: PlanOf) -> Config:
    """Return a configuration of which the engine makes what it made of the one that `config_as_json` was given."""
    return Config(
        path=str(found["path"]),
        readdquiescent=bool(found["readdquiescent"]),
        faults=FaultRules(float(found["faultlimit"]), bool(found["faultdown"])),
        virtuals=tuple(_virtual(each, plan_of) for each in found["virtuals"]),
    )


def _virtual_as_json(virtual: Virtual, number_of: NumberOf) -> Json:
    fallback = virtual.fallback
    return {
        "virtual": str(virtual.key),
        "settings": names.settings_as_json(virtual.settings),
        "quiescent": virtual.quiescent,
        "failurecount": virtual.failurecount,
        "handset": virtual.handset,
        "interval": virtual.check_options.interval,
        "fallback": fallback and [str(fallback.endpoint), names.destination_as_json(fallback.destination)],
        "reals": [
            [str(real.endpoint), names.destination_as_json(real.destination), _plan_as_json(real.plan, number_of)]
            for real in virtual.reals
        ],
    }


def _virtual(found: Json, plan_of: PlanOf) -> Virtual:
    return Virtual(
        key=virtual_key(found["virtual"]),
        settings=names.settings(found["settings"]),
        quiescent=bool(found["quiescent"]),
        failurecount=int(found["failurecount"]),
        handset=ForeignWeight(found.get("handset", ForeignWeight.REPAIR)),
        check_options=CheckOptions(interval=float(found["interval"])),
        fallback=None if found["fallback"] is None else _fallback(*found["fallback"]),
        reals=tuple(_real(*each, plan_of=plan_of) for each in found["reals"]),
    )


def _fallback(where: str, entry: Json) -> Fallback:
    return Fallback(endpoint=endpoint(where), destination=names.destination(entry))


def _real(where: str, entry: Json, check: Json, *, plan_of: PlanOf) -> Real:
    return Real(endpoint=endpoint(where), destination=names.destination(entry), plan=_unpolled(check) or plan_of(check))


def _plan_as_json(plan: CheckPlan, number_of: NumberOf) -> Json:
    match plan:
        case Always():
            return "on"
        case Never():
            return "off"
        case _:
            return number_of(plan)


def _unpolled(check: Json) -> CheckPlan | None:
    """Return the plan of a server that nobody asks; None: somebody does."""
    plans: dict[Json, CheckPlan] = {"on": Always(), "off": Never()}
    return plans.get(check)
