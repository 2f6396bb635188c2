"""The text formats of Prometheus and OpenMetrics, written piece by piece.

prometheus_client's own writer takes some microseconds for each sample, in one go; with 130,000
samples it would keep the checks of ten thousand servers waiting for most of a second.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TypeVar

from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.server_counters import Histogram

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

RowT = TypeVar("RowT")


class MetricType(StrEnum):
    """The types of metrics that we have."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name as in its samples, so that a counter's ends in `_total`."""

    name: str
    kind: MetricType
    explanation: str

    def header(self, *, openmetrics: bool) -> str:
        """Return the comment lines that precede the samples; OpenMetrics names a counter without `_total`."""
        name = self.name.removesuffix("_total") if openmetrics else self.name
        return f"# HELP {name} {self.explanation}\n# TYPE {name} {self.kind}\n"

    def of(self, rows: Sequence[RowT], written: Callable[[RowT], str], *, openmetrics: bool) -> Iterator[bytes]:
        """Yield the family in pieces: what *written* returns for each row, complete lines or nothing."""
        yield self.header(openmetrics=openmetrics).encode()
        texts: list[str] = []
        size = 0
        for row in rows:
            texts.append(text := written(row))
            size += len(text)
            if size >= ENOUGH or len(texts) == SLICE:
                yield "".join(texts).encode()
                texts.clear()
                size = 0
        if texts:
            yield "".join(texts).encode()


SLICE = 128
"""So many rows are written without a pause, at most; a row may be a line, or fourteen."""
ENOUGH = 16384
"""After so many characters there is a pause too: about a tenth of a millisecond's work."""


def sample(name: str, labels: str, value: float) -> str:
    """Return one sample; *labels* are complete, such as `virtual="fwm:5"`, or empty."""
    return f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"


def labelled(names: Sequence[str], values: Iterable[str]) -> str:
    """Return *names* with their *values*, escaped as the formats ask."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in zip(names, values, strict=True))


def escaped(value: str) -> str:
    """Return a label's *value* as it stands between quotes."""
    return printable(value).replace("\\", r"\\").replace('"', r"\"")


def histogram(name: str, labels: str, observed: Histogram) -> str:
    """Return the samples of *observed*: cumulative buckets, sum and count."""
    prefix = f"{labels}," if labels else ""
    bounds = (*map(str, observed.bounds), "+Inf")
    counts = list(accumulate(observed.counts))
    buckets = "".join(
        f'{name}_bucket{{{prefix}le="{bound}"}} {count}\n' for bound, count in zip(bounds, counts, strict=True)
    )
    return buckets + sample(f"{name}_sum", labels, observed.total) + sample(f"{name}_count", labels, counts[-1])


def summary(name: str, total: float, count: int) -> str:
    """Return the samples of a summary without quantiles and labels."""
    return sample(f"{name}_sum", "", total) + sample(f"{name}_count", "", count)
