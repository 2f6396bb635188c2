"""How entries of the table are set up, and in what two of them differ, in the words of `ldirectord.cf`."""

from collections.abc import Iterable

from ldirectord_py.model.table import Destination, ServiceFlags, Settings


def scheduler_flags(settings: Settings) -> str:
    """Return the flags of the scheduler as `schedflags` has them, such as `sh-port`; empty: none is set."""
    own = settings.scheduler in {"sh", "mh"}
    names = {
        ServiceFlags.SCHED1: f"{settings.scheduler}-fallback" if own else "flag-1",
        ServiceFlags.SCHED2: f"{settings.scheduler}-port" if own else "flag-2",
        ServiceFlags.SCHED3: "flag-3",
    }
    return ",".join(name for flag, name in names.items() if flag in settings.flags)


def settings_differences(one: Settings, other: Settings) -> str:
    """Return what *one* has instead of what *other* has: `scheduler=rr instead of wlc, ops=no instead of yes`."""
    return _differing(
        (f"{name}={has}", has, had) for (name, has), (_, had) in zip(_named(one), _named(other), strict=True)
    )


def destination_differences(one: Destination, other: Destination) -> str:
    """Return what *one* has instead of what *other* has: `weight 0 instead of 3, forwarding masq instead of gate`."""
    return _differing(
        (f"{name} {has}", has, had)
        for name, has, had in (
            ("weight", one.weight, other.weight),
            ("forwarding", one.forwarding, other.forwarding),
            ("upper threshold", one.upper, other.upper),
            ("lower threshold", one.lower, other.lower),
        )
    )


def _named(settings: Settings) -> tuple[tuple[str, object], ...]:
    persistent = ServiceFlags.PERSISTENT in settings.flags
    return (
        ("scheduler", settings.scheduler),
        ("schedflags", scheduler_flags(settings) or "none"),
        ("persistent", settings.persistence if persistent else "no"),
        ("netmask", settings.netmask),
        ("ops", "yes" if ServiceFlags.ONE_PACKET in settings.flags else "no"),
        ("engine", settings.engine or "none"),
    )


def _differing(fields: Iterable[tuple[str, object, object]]) -> str:
    return ", ".join(f"{told} instead of {had}" for told, has, had in fields if has != had)
