"""Devices, addresses and routes, read and changed over rtnetlink(7), through pyroute2.

The library takes 12 MB and a quarter of a second, so it is imported when a session is opened.
"""

import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import cache
from ipaddress import ip_address
from typing import Any

from ldirectord_py.cluster.network import Device, HeldAddress, Network, Route
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

_UP, _LOOPBACK, _NO_ARP, _BROADCAST, _RUNNING = 0x1, 0x8, 0x80, 0x2, 0x40  # IFF_* of <linux/if.h>
_TENTATIVE, _DAD_FAILED, _NO_DAD = 0x40, 0x08, 0x02  # IFA_F_* of <linux/if_addr.h>
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_UNICAST, _LOCAL = 1, 2  # RTN_* of <linux/rtnetlink.h>
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL)  # EACCES: prohibit, EINVAL: blackhole
_GONE = (errno.EADDRNOTAVAIL, errno.ENODEV, errno.ESRCH)
_CHANGES = 0x1 | 0x10 | 0x100  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR of <linux/rtnetlink.h>


class Rtnetlink:
    """A session with the kernel; every method raises `OSError` where the kernel refuses."""

    def __init__(self, session: Any, refusal: type[Exception]) -> None:
        self._session = session
        self._refusal = refusal

    async def network(self) -> Network:
        """Return what this network namespace has."""
        with self._translated():
            links = [link async for link in await self._session.get_links()]
            addresses = [address async for address in await self._session.get_addr()]
        names = {link["index"]: link.get("ifname") for link in links}
        return Network(
            devices={device.name: device for device in map(_device, links)},
            # a device may have come or gone between the two answers
            addresses=tuple(_held(each, names[each["index"]]) for each in addresses if each["index"] in names),
        )

    async def route_to(self, address: IPAddress) -> Route | None:
        """Return the way that packets to *address* take; None: there is none, or they are refused."""
        try:
            with self._translated():
                found = list(await self._session.route("get", dst=str(address), family=_FAMILIES[address.version]))
        except OSError as error:
            if error.errno in _NO_WAY:
                return None
            raise
        return _route(found[0]) if found else None

    async def add_tunnel(self, name: str) -> None:
        """Have the kernel load the module that makes the device *name*: `tunl0` or `ip6tnl0`."""
        kind = "ipip" if name == "tunl0" else "ip6tnl"
        try:
            with self._translated():
                await self._session.link("add", ifname=name, kind=kind)
        except FileExistsError:
            return  # the module has made it meanwhile

    async def set_up(self, device: str, *, up: bool) -> None:
        """Set *device* up or down."""
        with self._translated():
            index = _index(device)
            await self._session.link("set", index=index, state="up" if up else "down")

    async def add_address(self, address: IPAddress, device: str, label: str = "") -> None:
        """Add *address*, and no network with it; an IPv6 one without detection, and as no source of connections.

        An IPv4 one may have a *label*, which ifconfig(8) shows as a device.
        """
        more: dict[str, Any] = {"label": label} if label else {}
        if address.version == 6:
            more = {"flags": _NO_DAD, "preferred_lft": 0}
        await self._address("add", address, device, **more)

    async def remove_address(self, address: IPAddress, device: str, label: str = "") -> None:
        """Remove *address*, if it has no other label than *label*; one that is not there is as well."""
        try:
            await self._address("del", address, device, **({"label": label} if label else {}))
        except OSError as error:
            if error.errno not in _GONE:
                raise

    async def _address(self, action: str, address: IPAddress, device: str, **more: Any) -> None:
        with self._translated():
            await self._session.addr(
                action,
                index=_index(device),
                address=str(address),
                prefixlen=address.max_prefixlen,
                family=_FAMILIES[address.version],
                **more,
            )

    def _translated(self) -> AbstractContextManager[None]:
        return _translated(self._refusal)


class NetworkChanges:
    """Tells when a device or an address of this network namespace has changed, whoever has done it."""

    def __init__(self, session: Any, refusal: type[Exception]) -> None:
        self._session = session
        self._refusal = refusal

    async def wait(self) -> None:
        """Return once something has changed since the last call; several changes may count as one."""
        try:
            with _translated(self._refusal):
                async for _ in self._session.get():
                    pass
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # there were more changes than could be told
                raise


@asynccontextmanager
async def session() -> AsyncIterator[Rtnetlink]:
    """Open a session with the kernel."""
    library = await _library()
    async with library.AsyncIPRoute() as opened:
        yield Rtnetlink(opened, library.NetlinkError)


@asynccontextmanager
async def watching() -> AsyncIterator[NetworkChanges]:
    """Have the kernel tell of changes, from now on."""
    library = await _library()
    async with library.AsyncIPRoute() as opened:
        await opened.bind(groups=_CHANGES)
        yield NetworkChanges(opened, library.NetlinkError)


async def _library() -> Any:
    """Return the library; the first time it is loaded in a thread, so that checks go on meanwhile."""
    if _load.cache_info().currsize:
        return _load()
    try:
        return await in_thread(_load)
    except NoThread:
        return _load()


@cache
def _load() -> Any:
    import pyroute2  # noqa: PLC0415  # see above

    return pyroute2


@contextmanager
def _translated(refusal: type[Exception]) -> Iterator[None]:
    """Turn the library's errors into those of the system."""
    try:
        yield
    except refusal as error:
        number = int(getattr(error, "code", 0) or errno.EPROTO)
        raise OSError(number, os.strerror(number), "rtnetlink") from error


def _index(device: str) -> int:
    try:
        return socket.if_nametoindex(device)
    except OSError as error:  # which has no number
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), device) from error


def _device(link: Any) -> Device:
    flags = link["flags"]
    return Device(
        name=link.get("ifname"),
        up=bool(flags & _UP),
        running=bool(flags & _RUNNING),
        mtu=link.get("mtu") or 0,
        mac=link.get("address") or "",
        arp=bool(flags & _BROADCAST) and not flags & (_LOOPBACK | _NO_ARP),
    )


def _held(message: Any, device: str) -> HeldAddress:
    flags = message.get("flags") or 0
    return HeldAddress(
        address=ip_address(message.get("local") or message.get("address")),
        length=message["prefixlen"],
        device=device,
        unusable=bool(flags & (_TENTATIVE | _DAD_FAILED)),
        label=message.get("label") or "",
    )


def _route(message: Any) -> Route | None:
    if message["type"] not in {_UNICAST, _LOCAL} or (index := message.get("oif")) is None:
        return None
    gateway = message.get("gateway") or (message.get("via") or {}).get("addr")
    return Route(
        device=socket.if_indextoname(index),
        gateway=ip_address(gateway) if gateway else None,
        local=message["type"] == _LOCAL,
        mtu=message.get(("metrics", "mtu")),
    )
