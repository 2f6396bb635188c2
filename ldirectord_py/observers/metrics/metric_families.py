"""All metrics but those of the process and of Python: which there are, and at which `metricsdetail`.

10,000 servers have some 200,000 series at full detail, 50,000 more at `extra`, and 30,000 at `real`.
Where there are none of each server, what happened to them is counted by virtual service.
"""

from collections.abc import Mapping, Sequence

from ldirectord_py.model.config import MetricsDetail
from ldirectord_py.observers.metrics.director_families import OF_THE_DIRECTOR, DirectorFamily
from ldirectord_py.observers.metrics.server_families import (
    ALL_OF_REALS,
    INSTEAD_OF_REALS,
    LEAST_OF_REALS,
    OF_VIRTUALS,
    PHASES,
    TOTALS,
    RealFamily,
    VirtualFamily,
)

REAL_FAMILIES: Mapping[MetricsDetail, Sequence[RealFamily]] = {
    MetricsDetail.EXTRA: (*ALL_OF_REALS, *TOTALS),
    MetricsDetail.FULL: ALL_OF_REALS,
    MetricsDetail.REAL: LEAST_OF_REALS,
    MetricsDetail.VIRTUAL: (),
    MetricsDetail.OFF: (),
}
VIRTUAL_FAMILIES: Mapping[MetricsDetail, Sequence[VirtualFamily]] = {
    MetricsDetail.EXTRA: (*OF_VIRTUALS, PHASES),
    MetricsDetail.FULL: OF_VIRTUALS,
    MetricsDetail.REAL: (*INSTEAD_OF_REALS, *OF_VIRTUALS),
    MetricsDetail.VIRTUAL: (*INSTEAD_OF_REALS, *OF_VIRTUALS),
    MetricsDetail.OFF: (),
}
DIRECTOR_FAMILIES: Sequence[DirectorFamily] = OF_THE_DIRECTOR
"""At every detail."""
