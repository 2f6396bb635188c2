"""Schedulers and persistence engines that a configuration asks for and the kernel has not got."""

from ipaddress import IPv4Address

from ldirectord_py.model.config import Config
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.table import Settings, Table

_ANY_MASK = IPv4Address(0)


async def missing_modules(config: Config, table: Table) -> tuple[Problem, ...]:
    """Return a problem for each virtual service of *config* that the kernel could not set up, and in all others none.

    Raises `TableUnavailable`.
    """
    wanted = {virtual.key: _kind(virtual.settings) for virtual in config.virtuals}
    missing = await table.missing_modules(frozenset(wanted.values()))
    return tuple(
        Problem(config.path, 0, f"{key}: {_sentence(wanted[key], missing[wanted[key]])}")
        for key in wanted
        if wanted[key] in missing
    )


def _kind(settings: Settings) -> Settings:
    """Return what of *settings* takes a module."""
    return Settings(scheduler=settings.scheduler, engine=settings.engine, netmask=_ANY_MASK)


def _sentence(settings: Settings, module: str) -> str:
    engine = f" or persistence engine {settings.engine}" if settings.engine else ""
    return (
        f"this kernel has no scheduler {settings.scheduler}{engine}: the module {module} cannot be loaded"
        f" (`modprobe {module.partition(' ')[0]}` says why); install it or choose another"
    )
