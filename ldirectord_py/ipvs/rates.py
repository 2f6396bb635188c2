"""How busy the kernel finds a virtual service, in generic netlink (`IPVS_STATS_ATTR_*` of <linux/ip_vs.h>)."""

from struct import Struct

from ldirectord_py.ipvs.netlink import WireError, attributes, u64
from ldirectord_py.model.table import Rates

_GENERIC = Struct("=BBxx")
_SERVICE = 1  # IPVS_CMD_ATTR_SERVICE
_STATS64 = 12  # IPVS_SVC_ATTR_STATS64
_CPS, _INBPS, _OUTBPS = 6, 9, 10  # IPVS_STATS_ATTR_*


def unpack_rates(message: bytes) -> Rates | None:
    """Return the rates of the service that *message* describes; None: kernels before 4.1 do not tell them in 64 bits.

    The kernel's side is `ip_vs_genl_fill_stats64`.
    Raises `WireError` for whatever is not a service.
    """
    outer = attributes(message[_GENERIC.size :])
    if _SERVICE not in outer:
        raise WireError(f"expected a message about a virtual service, but got {message[:32]!r}")
    stats = attributes(outer[_SERVICE]).get(_STATS64)
    if stats is None:
        return None
    found = attributes(stats)
    return Rates(connections=u64(found, _CPS), bytes_in=u64(found, _INBPS), bytes_out=u64(found, _OUTBPS))
