"""What the kernel counts of services and their servers, in generic netlink (`IPVS_STATS_ATTR_*` of <linux/ip_vs.h>)."""

from collections.abc import Mapping

from ldirectord_py.ipvs.ipvs_commands import body
from ldirectord_py.ipvs.netlink import WireError, attributes, u64
from ldirectord_py.model.table import Rates, Totals

_SERVICE, _DEST = 1, 2  # IPVS_CMD_ATTR_*
_STATS64 = 12  # IPVS_SVC_ATTR_STATS64 and IPVS_DEST_ATTR_STATS64
_TOTALS = (1, 2, 3, 4, 5)  # IPVS_STATS_ATTR_CONNS, INPKTS, OUTPKTS, INBYTES and OUTBYTES
_CPS, _INBPS, _OUTBPS = 6, 9, 10  # IPVS_STATS_ATTR_*


def unpack_rates(message: bytes) -> Rates | None:
    """Return the rates of the service that *message* describes; None: kernels before 4.1 do not tell them in 64 bits.

    The kernel's side is `ip_vs_genl_fill_stats64`.
    Raises `WireError` for whatever is not a service.
    """
    if (found := _statistics(message, _SERVICE)) is None:
        return None
    return Rates(connections=u64(found, _CPS), bytes_in=u64(found, _INBPS), bytes_out=u64(found, _OUTBPS))


def unpack_totals(message: bytes) -> Totals | None:
    """Return what has been counted of the destination that *message* describes; None: as with `unpack_rates`.

    Raises `WireError` for whatever is not a destination.
    """
    if (found := _statistics(message, _DEST)) is None:
        return None
    return Totals(*(u64(found, kind) for kind in _TOTALS))


def _statistics(message: bytes, about: int) -> Mapping[int, bytes] | None:
    """Return the statistics in a message *about* a service or a destination; None: they are not told in 64 bits."""
    outer = attributes(body(message))
    if about not in outer:
        raise WireError(f"expected a message about a virtual service or its server, but got {message[:32]!r}")
    stats = attributes(outer[about]).get(_STATS64)
    return None if stats is None else attributes(stats)
