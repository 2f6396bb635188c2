"""A recorded night beside what another configuration would have made of it: for people, and for programs."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldirectord_py.cli.rendering import TableRow, tell_rows
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.engine.recording.course import Course, Spell
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.text.moments import duration

_MOST = 20
"""Times out that are told of a server one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two courses of the same time."""

    recorded: Course
    other: Course
    path: str
    """The other configuration."""
    servers: Sequence[RealKey]
    """The servers of which both know enough, and with which something differs."""
    fallbacks: Sequence[VirtualKey]
    """The virtual services whose clients were left to the fallback, or to nobody, at other times."""
    missing: Sequence[RealKey]
    """The servers that the other configuration does not have."""
    unrecorded: Sequence[RealKey]
    """The servers of the other configuration of which no check was recorded."""

    @property
    def differs(self) -> bool:
        """Whether anything would have been different, as far as that is known."""
        return bool(self.servers or self.fallbacks or self.missing or self.unrecorded)


def compared(recorded: Course, other: Course, path: str) -> Comparison:
    """Return how the *other* course, which the configuration *path* would have made, differs from what was recorded."""
    both = recorded.servers.keys() & other.servers.keys() - other.unrecorded.keys()
    virtuals = recorded.fallbacks.keys() & other.fallbacks.keys()

    def differs(key: VirtualKey) -> bool:
        kinds = ((recorded.fallbacks, other.fallbacks), (recorded.nobody, other.nobody))
        return any(_turns(one[key]) != _turns(two[key]) for one, two in kinds)

    return Comparison(
        recorded=recorded,
        other=other,
        path=path,
        servers=[key for key in recorded.servers if key in both and _differ(key, recorded, other)],
        fallbacks=[key for key in recorded.fallbacks if key in virtuals and differs(key)],
        missing=[key for key in recorded.servers if key not in other.servers],
        unrecorded=list(other.unrecorded),
    )


def _differ(key: RealKey, recorded: Course, other: Course) -> bool:
    return _turns(recorded.servers[key]) != _turns(other.servers[key])


def _turns(spells: Sequence[Spell]) -> list[tuple[float, int | None]]:
    return [(spell.since, spell.weight) for spell in spells]


def show(found: Comparison) -> None:
    """Tell the differences."""
    recorded = found.recorded
    until = f"{_at(recorded.since)} to {_at(recorded.until)}"
    tell(f"From {until}: what was recorded, and what {found.path} would have made of it", Style.BOLD)
    if recorded.lost:
        tell(f"{recorded.lost} inputs could not be recorded; what they changed is not known", Style.YELLOW)
    virtuals: dict[VirtualKey, list[RealKey]] = {key: [] for key in found.fallbacks}
    for key in found.servers:
        virtuals.setdefault(key.virtual, []).append(key)
    for virtual, servers in virtuals.items():
        tell("")
        _show_virtual(found, virtual, servers)
    for key in found.missing:
        tell(f"{key}: not in {found.path}", Style.YELLOW)
    for key in found.unrecorded:
        tell(
            f"{key}: not in the recording: no check of it was recorded, so what it would have done is not known",
            Style.YELLOW,
        )
    if not found.differs:
        tell("Nothing would have been different")


def _show_virtual(found: Comparison, virtual: VirtualKey, servers: Sequence[RealKey]) -> None:
    recorded, other = found.recorded, found.other
    rows = [("", "recorded", found.path)]
    rows += [(str(key.real), _summary(recorded.servers[key]), _summary(other.servers[key])) for key in servers]
    if virtual in found.fallbacks:
        rows.append(("fallback", _times(_on(recorded.fallbacks[virtual])), _times(_on(other.fallbacks[virtual]))))
        rows.append(("nobody served", _times(_off(recorded.nobody[virtual])), _times(_off(other.nobody[virtual]))))
    tell(str(virtual), Style.BOLD)
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"  {name:<{widths[0]}}  {one:<{widths[1]}}  {two}" for name, one, two in rows]
    styles = (Style.DIM, *[None] * (len(rows) - 1))
    tell_rows([TableRow(*each) for each in zip(lines, rows, styles, strict=True)], 2)
    for key in servers:
        _show_spells(key, found)


def _show_spells(key: RealKey, found: Comparison) -> None:
    """Tell when and why a server was out, by each configuration, as far as they differ."""
    recorded, other = (_off(course.servers[key]) for course in (found.recorded, found.other))
    both = {_span(spell) for spell in recorded} & {_span(spell) for spell in other}
    told = [("recorded", spell) for spell in recorded] + [(found.path, spell) for spell in other]
    differing = sorted((each for each in told if _span(each[1]) not in both), key=lambda each: each[1].since)
    for who, spell in differing[:_MOST]:
        how = "out" if spell.weight is None else "weight 0"
        length = duration(spell.until - spell.since)
        tell(f"    {_at(spell.since)}  {key.real} {how} for {length} ({who}): {spell.why}")
    if len(differing) > _MOST:
        tell(f"    and {len(differing) - _MOST} times more")


def _span(spell: Spell) -> tuple[float, float, int | None]:
    return spell.since, spell.until, spell.weight


def _summary(spells: Sequence[Spell]) -> str:
    """Say how often and how long a server was out, and which weight it had otherwise."""
    weights = ", ".join(dict.fromkeys(str(spell.weight) for spell in spells if not spell.out))
    served = f"weight {weights}" if weights else "never in"
    kept = " at weight 0" if any(spell.weight == 0 for spell in spells) else ""
    return f"{served}, out {_times(_off(spells))}{kept if _off(spells) else ''}"


def _off(spells: Sequence[Spell]) -> list[Spell]:
    return [spell for spell in spells if spell.out and spell.until > spell.since]


def _on(spells: Sequence[Spell]) -> list[Spell]:
    return [spell for spell in spells if not spell.out and spell.until > spell.since]


def _times(spells: Sequence[Spell]) -> str:
    if not spells:
        return "never"
    total = duration(sum(spell.until - spell.since for spell in spells))
    return f"{len(spells)} {'time' if len(spells) == 1 else 'times'}, {total}"


def _at(epoch: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch))


def as_json(found: Comparison) -> str:
    """Return the same for programs; moments are in seconds since the epoch."""
    pairs = {"recorded": found.recorded, "other": found.other}
    told: Mapping[str, Any] = {
        "since": found.recorded.since,
        "until": found.recorded.until,
        "lost": found.recorded.lost,
        "path": found.path,
        "differs": found.differs,
        "servers": [
            {**_names(key), **{name: list(_spells(it.servers[key])) for name, it in pairs.items()}}
            for key in found.servers
        ],
        "fallbacks": [
            {
                "virtual": str(key),
                **{name: list(_spells(_on(it.fallbacks[key]))) for name, it in pairs.items()},
            }
            for key in found.fallbacks
        ],
        "missing": [_names(key) for key in found.missing],
        "unrecorded": [_names(key) for key in found.unrecorded],
    }
    return json.dumps(told, indent=2)


def _names(key: RealKey) -> dict[str, str]:
    return {"virtual": str(key.virtual), "real": str(key.real)}


def _spells(spells: Sequence[Spell]) -> Iterator[dict[str, Any]]:
    for spell in spells:
        yield {"since": spell.since, "until": spell.until, "weight": spell.weight, "why": spell.why}
