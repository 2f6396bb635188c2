"""One server as a row of the page: what it is, why, and what would change that, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ldirectord_py.api.page.plots import Sparkline, sparkline
from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.words import DAY, ShownMoment, count, maybe, milliseconds, moment, sentence
from ldirectord_py.model.text.moments import brief

SOON = 14 * DAY
"""A certificate that ends within that many seconds is worth a word, as in the log."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight from the file, the one that is wanted, and the kernel's."""

    chain: tuple[str, ...]
    """One, where all three are the same; two, where the kernel has what is wanted."""
    all: tuple[tuple[str, str], ...]
    """The three, each with its word."""
    spoken: str
    differs: bool
    """The kernel has another weight than is wanted."""


@dataclass(frozen=True, slots=True)
class CertificateExpiry:
    """When the certificate that a server showed last ends."""

    words: str
    level: str
    """`ok`, `soon` or `over`."""
    title: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would change a server's state, and when that may happen."""

    words: str = ""
    check: ShownMoment | None = None
    """When the next check is; said where it may bring the server back."""
    until: ShownMoment | None = None
    """When the decision changes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """A server, ready for the template."""

    name: str
    real: str
    virtual: str
    notes: tuple[str, ...]
    """How it is reached, and its name in the file where that is another."""
    status: str
    word: str
    since: ShownMoment
    why: str
    """One sentence; empty for a server that is up and has its weight."""
    outlook: Outlook
    weights: Weights
    active: str
    inactive: str
    spark: Sparkline
    took: str
    """How long the last check took."""
    certificate: CertificateExpiry | None
    made: float
    """When this was so, in seconds since the epoch: what comes late does not replace what is newer."""
    shown: bool = True
    """Whether the list shows it even where healthy servers are left out."""


def row(server: Mapping[str, Any], now: float, *, shown: bool = True) -> ServerRow:
    """Return *server*, as the API describes it, as it is shown at *now*."""
    status = server["status"] if server["status"] in STATES else "unknown"
    connections = server["connections"]
    check = server["check"]
    last = next((seconds for seconds in reversed(check["recent"]) if seconds is not None), check["seconds"])
    return ServerRow(
        name=server["name"],
        real=server["real"],
        virtual=server["virtual"],
        notes=_notes(server),
        status=status,
        word=STATES[status].word,
        since=moment(since(server), now),
        why=why(server, asked=False),
        outlook=outlook(server, now),
        weights=weights(server["weight"]),
        active="" if connections is None else f"{connections['active']:,}",
        inactive="" if connections is None or not connections["inactive"] else f"{connections['inactive']:,}",
        spark=sparkline(check["recent"]),
        took="" if last is None else milliseconds(last),
        certificate=certificate(server["certificate_expires"], now),
        made=round(now, 3),
        shown=shown,
    )


def _notes(server: Mapping[str, Any]) -> tuple[str, ...]:
    configured = server["configured"]
    named = (f"in the file {configured}",) if configured != server["real"] else ()
    return (server["forwarding"], *named)


def since(server: Mapping[str, Any]) -> float:
    """Return since when a server has been in the state that an operator sees."""
    admin = server["admin"]
    by_hand = admin is not None and server["status"] in {"draining", "maintenance"}
    return float(admin["since"] if by_hand else server["since"])


def why(server: Mapping[str, Any], *, asked: bool = True) -> str:
    """Return why a server is as it is, in one sentence; empty: it is up and there is nothing to tell.

    With *asked* it says what a check that failed has asked, too.
    """
    status, admin, drifts = server["status"], server["admin"], _drift(server["weight"])
    if status in {"draining", "maintenance"} and admin is not None:
        return _by_hand(server, admin)
    if status == "maintenance" and server["maintenance_file"]:
        return f"There is a file {server['maintenance_file']!r}."
    if status in {"unknown", "checking"}:
        return f"{'Serves as it did' if server['serving'] else 'Stays out'} until it has been checked."
    if status == "down":
        question = f"{server['asked']}: " if asked and server["asked"] else ""
        return sentence(question + (server["detail"] or server["reason"]))
    if server["failures"]:
        return f"Failed {count(server['failures'], 'time')} in a row: {sentence(server['detail'] or server['reason'])}"
    return drifts or _reduced(server)


def _by_hand(server: Mapping[str, Any], admin: Mapping[str, Any]) -> str:
    what = {"drain": "Drained", "maintenance": "In maintenance"}.get(admin["kind"], "Taken out by its weight")
    scope = f", with all of {admin['scope']}" if admin["scope"] else ""
    reason = f": {admin['reason']}" if admin["reason"] else ""
    told = f"{what} by {admin['by']}{scope}{reason}"
    return f"{told.rstrip('.')}.{_open(server)}"


def _open(server: Mapping[str, Any]) -> str:
    connections = server["connections"]
    if connections is None:
        return ""
    active = connections["active"]
    return f" {count(active, 'connection')} still open." if active else " No connection is open any more."


def _reduced(server: Mapping[str, Any]) -> str:
    """Return what last changed the weight of a server that is up, where it is not the configured one."""
    weight = server["weight"]
    if weight["effective"] == weight["configured"]:
        return "" if weight["configured"] else "Its configured weight is 0: it gets no new connections."
    causes = [cause for cause in server["why"] if cause["who"] != "config"]
    return sentence(causes[-1]["sentence"]) if causes else "Its weight is not the configured one."


def _drift(weight: Mapping[str, Any]) -> str:
    if weight["effective"] == weight["kernel"]:
        return ""
    return f"The kernel has {_entry(weight['kernel'])}, wanted is {_entry(weight['effective'])}."


def _entry(weight: int | None) -> str:
    return "no entry" if weight is None else f"weight {weight}"


def outlook(server: Mapping[str, Any], now: float) -> Outlook:
    """Return what it takes to change the state that a server is in."""
    until = maybe(server["until"], now)
    status, takes, following = server["status"], server["takes"], maybe(server["check"]["next"], now)
    if server["admin"] is not None and status in {"draining", "maintenance"}:
        return Outlook("" if until else "Stays so until it is enabled.", until=until)
    match status:
        case "maintenance":
            return Outlook("Comes back when the file is removed.")
        case "down" if takes:
            return Outlook(f"Comes back after {takes}", following, until)
        case "up" if server["failures"] and takes:
            return Outlook(f"Goes out after {takes}", following, until)
        case _:
            return Outlook(until=until)


def weights(weight: Mapping[str, Any]) -> Weights:
    """Return the three weights: one number where they are the same."""
    three = (weight["configured"], weight["effective"], weight["kernel"])
    chain = ["out" if each is None else str(each) for each in three]
    spoken = f"configured {three[0]}, wanted {_spoken(three[1])}, in the kernel {_spoken(three[2])}"
    links = 3 if three[1] != three[2] else 2 if three[0] != three[1] else 1
    every = tuple(zip(("Configured", "Wanted", "In the kernel"), chain, strict=True))
    return Weights(tuple(chain[:links]), every, spoken, links == 3)


def _spoken(weight: int | None) -> str:
    return "no entry" if weight is None else str(weight)


def certificate(expires: float | None, now: float) -> CertificateExpiry | None:
    """Return when a certificate ends, if the server showed one."""
    if expires is None:
        return None
    left = expires - now
    title = f"valid until {moment(expires, now).title}"
    if left <= 0:
        return CertificateExpiry(f"expired {brief(-left)} ago", "over", title)
    return CertificateExpiry(brief(left), "soon" if left < SOON else "ok", title)
