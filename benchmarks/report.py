"""The page that the benchmarks write: facts in, Markdown out."""

import os
import platform
import time
from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Any, NamedTuple

Fact = dict[str, Any]

INTRODUCTION = """\
# Benchmarks

Written by `make bench`; every figure below was measured in that one run, none by hand.

{machine}

## Figures

| what | measured | bar | met |
|---|---|---|---|
{rows}

## Turn by turn

What a check costs was measured in turns, each with a daemon newly started on the same servers in the same kernel;
the figures above are means of these. How far two turns of one daemon lie apart tells how far the ratios can be
trusted.

| daemon | check | servers | checks a second | CPU per check | memory | all in after |
|---|---|---|---|---|---|---|
{turns}
{doubt}
## How it was measured

Everything runs with precedence over whatever else the machine does, where that is allowed.

- **Cost of a check**: in a user-mode kernel, which runs as a process (Debian's `user-mode-linux`) on one processor.
  {reals} real servers, each asked once a second, are {reals} addresses answered by one process, whose time is not
  counted, but which counts the checks. Ours runs as installed, writes the kernel's table, has metrics switched on,
  and compares the table every 5 s. keepalived has `HTTP_GET` with a regular expression, or `TCP_CHECK`, and
  `delay_loop 1.0037`; the original has as many servers as it can ask in about a second. Counting starts 4 s after
  all servers are in. The time that all of that kernel takes of its host, over {seconds} s, is divided among its
  processes as its own accounts of them have it; a daemon's children are the daemon's. System calls are some ten
  times as dear there as elsewhere: the ratios mean something, the microseconds do not. The accounts come from a
  look every 10 ms at who runs; so that nobody's checks keep step with that, ours begins checks every 9.7 ms there
  instead of 10 (`benchmarks/drifting.py`), and keepalived's seconds are a little long.
- **HTTPS**: the same with `SSL_GET` and 100 servers, whose handshakes are about as many as the one processor can do
  besides. Both speak TLS 1.3 by the same library with the same server, whose certificate is ECDSA (P-256) and verified
  by neither. Ours resumes the session that a server's first handshake left, as it does everywhere; keepalived makes
  each handshake from the start. One turn of ours does so too.
- **Start**: in the same kind of kernel, from the command to the last server that has its weight; ours three times,
  of which the middle one counts.
- **Table**: in the same kind of kernel; `ipvsadm -R` from standard input against our netlink messages, each of them
  acknowledged.
- **Very many servers**: on this machine's own kernel, over loopback, the table in memory, {per_virtual} servers to
  a virtual service. The director has one processor; the web servers and the measuring program the other. Each server
  is asked for a page every {interval} s, and `/metrics` is read every {scrape} s. A check is *late* by the time
  between the moment when it was due and the one when it began; ours begins them in batches, every 10 ms. From a
  failing answer to the weight: the web server notes when it sends the answer, an observer when the weight is
  written; {failures} servers failed, each once.
- **Closed in order to reset**: as above, with servers that are each asked once a second: {closed} of them, a tenth
  of that for HTTPS. One director does both in turns of 0.7 s that follow each other, {pairs} pairs of them; the ratio
  is the middle one of the pairs'. The budget of TIME_WAITs is lifted for that.
- **Observed to not observed**: two directors side by side on one processor ask the same {observed} servers, each once a
  second. One has a log, metrics, a history with its file, a state file, and the API on a port and on a socket; the
  other has no observer at all. What counts is the middle of the ratios of {windows} windows of 0.7 s, and of {starts}
  starts the middle one: two processes of one program differ by some percent from one start to the next.
- **The engine**: random outcomes, reloads of other configurations, maintenance files and changes of the table by
  others, one after the other; what is decided is written into a table in memory at once. {inputs:,} of them on 4
  virtual services, with a new engine for every 1,000, of which the middle one counts; another engine, given the same
  inputs, has to tell the same events (`engine.py`).
- **A server that does not answer** drops every packet, so that each of its checks runs into its timeout.

## Again

```
make bench                               # as root, for the kernel of its own; about {minutes:.0f} minutes
benchmarks/run .venv/bin --quick         # an inexact look in two minutes; writes nothing
make against COMMIT=HEAD~1               # what a check costs in this tree, compared with that commit; ten minutes
```
"""


class Row(NamedTuple):
    what: str
    measured: str
    bar: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        met = "" if self.met is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {self.measured} | {self.bar} | {met} |"


def spoken(fact: Fact) -> str:
    """Return *fact* for the terminal."""
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in fact.items()
    )


def page(facts: Sequence[Fact], *, minutes: float) -> str:
    """Return the whole page."""
    turns = [fact for fact in facts if "who" in fact]
    many = next(fact for fact in facts if "many" in fact)
    rows = [
        *_checks(turns),
        *_started(facts),
        *_table(facts),
        *_many(many),
        *_silent(facts),
        *_observers(facts),
        *_closing(facts),
        *_engine(facts),
    ]
    return INTRODUCTION.format(
        machine=_machine(facts),
        rows="\n".join(map(str, rows)),
        turns="\n".join(map(_turn, turns)),
        doubt=_doubt(turns),
        reals=max((turn["reals"] for turn in turns), default=0),
        interval=many["interval"],
        scrape=many["scrape_every"],
        failures=many["failures"],
        per_virtual=many["per_virtual"],
        closed=max((fact["reals"] for fact in facts if "closing" in fact), default=0),
        observed=max((fact["reals"] for fact in facts if "observers" in fact), default=0),
        starts=max((fact["starts"] for fact in facts if "observers" in fact), default=0),
        windows=max((fact["windows"] for fact in facts if "observers" in fact), default=0),
        pairs=max((fact["pairs"] for fact in facts if "closing" in fact), default=0),
        inputs=max((fact["steps"] for fact in facts if "engine" in fact), default=0),
        seconds=max((turn["seconds"] for turn in turns), default=0),
        minutes=minutes,
    )


def _machine(facts: Sequence[Fact]) -> str:
    today = time.strftime("%-d %B %Y", time.gmtime())
    guests = [fact["kernel"] for fact in facts if "kernel" in fact]
    guest = f"; the user-mode kernel is Linux {guests[0]}" if guests else ""
    kernel, python = platform.release().partition("-")[0], platform.python_version()
    return f"{today}, {os.cpu_count()} cores, Linux {kernel}, Python {python}{guest}."


def _of(turns: Sequence[Fact], who: str, kind: str, what: str) -> float | None:
    values = [turn[what] for turn in turns if turn["who"] == who and turn["kind"] == kind]
    return mean(values) if values else None


def _checks(turns: Sequence[Fact]) -> Iterator[Row]:
    for kind, name, most in (("http", "HTTP", 0.9), ("tcp", "TCP", 0.9), ("https", "HTTPS", 1.0)):
        ours, theirs = (_of(turns, who, kind, "micros") for who in ("ours", "keepalived"))
        if ours is None or theirs is None:
            continue
        yield Row(f"CPU per {name} check, ours", f"{ours:,.0f} µs")
        yield Row(f"CPU per {name} check, keepalived", f"{theirs:,.0f} µs")
        if (original := _of(turns, "the original", kind, "micros")) is not None:
            yield Row(f"CPU per {name} check, the original", f"{original:,.0f} µs")
        ratio = ours / theirs
        yield Row(f"CPU per {name} check, ours to keepalived's", f"{ratio:.2f}", f"≤ {most:g}", ratio <= most)
        if (fresh := _of(turns, "ours, no session resumed", kind, "micros")) is not None:
            yield Row(f"CPU per {name} check, ours without resuming sessions", f"{fresh:,.0f} µs")
            yield Row(f"CPU per {name} check, the same to keepalived's", f"{fresh / theirs:.2f}")
    for who in ("ours", "keepalived", "the original"):
        if (memory := _of(turns, who, "http", "memory")) is not None:
            servers = _of(turns, who, "http", "reals")
            yield Row(f"memory with {servers:.0f} servers, {who}", f"{memory:.0f} MB")


def _started(facts: Sequence[Fact]) -> Iterator[Row]:
    for fact in facts:
        if "started" in fact:
            what = f"{fact['started']} servers: from `start` until all are in"
            yield Row(f"{what}, ours", f"{fact['ours']:.1f} s", "≤ 2 s", fact["ours"] <= 2)
            yield Row(f"{what}, the original", f"{fact['original']:.0f} s")


def _table(facts: Sequence[Fact]) -> Iterator[Row]:
    for table in (each for fact in facts for each in fact.get("table", ())):
        count = f"{table['destinations']:,} destinations"
        yield Row(f"{count} written, each", f"{table['write_us']:.0f} µs")
        yield Row(f"{count} written by `ipvsadm -R`, each", f"{table['ipvsadm_restore_us']:.0f} µs")
        gain = table["write_gain"]
        yield Row(f"{count} written, faster than `ipvsadm -R` by", f"{gain:.1f} times", "≥ 5 times", gain >= 5)
        yield Row(f"{count} re-weighted, each", f"{table['reweight_us']:.0f} µs")
        yield Row(f"{count} read back, each", f"{table['read_us']:.0f} µs")


def _many(many: Fact) -> Iterator[Row]:
    count = f"{many['many']:,} servers every {many['interval']} s"
    limit = 60 + 0.003 * many["many"]
    yield Row(
        f"{count}: CPU of one core",
        f"{many['cpu']:.0f} % ({many['micros']:.0f} µs per check, {many['rate']:,.0f} a second)",
    )
    yield Row(f"{count}: memory", f"{many['memory']:.0f} MB", f"≤ {limit:.0f} MB", many["memory"] <= limit)
    yield Row(f"{count}: checks late, p50", f"{many['late50']:.1f} ms")
    yield Row(f"{count}: latest check", f"{many['late100']:.1f} ms")
    yield Row(f"{count}: checks late, p99", f"{many['late99']:.1f} ms", "≤ 25 ms", many["late99"] <= 25)
    yield Row(f"{count}: failing answer to weight written, p50", f"{many['reaction50']:.1f} ms")
    reaction = many["reaction99"]
    yield Row(f"{count}: failing answer to weight written, p99", f"{reaction:.1f} ms", "≤ 20 ms", reaction <= 20)
    yield Row(f"{count}: configuration read", f"{many['read']:.2f} s", "≤ 1 s", many["read"] <= 1)


def _silent(facts: Sequence[Fact]) -> Iterator[Row]:
    for fact in facts:
        if "silent" not in fact:
            continue
        for name in ("without", "with"):
            found = fact[name]
            late = f"p50 {found['late50']:.1f}, p99 {found['late99']:.1f}, latest {found['late100']:.1f} ms"
            bar, met = ("p99 ≤ 25 ms", found["late99"] <= 25) if name == "with" else ("", None)
            yield Row(
                f"{fact['silent']} servers every second, {name} one that does not answer: the others' checks late",
                late,
                bar,
                met,
            )


def _closing(facts: Sequence[Fact]) -> Iterator[Row]:
    for fact in facts:
        if "closing" in fact:
            quartiles = f"quartiles {fact['ratio25']:.2f} and {fact['ratio75']:.2f}"
            yield Row(
                f"CPU per {fact['closing'].upper()} check, closed in order to reset",
                f"{fact['ratio']:.2f} ({quartiles}; {fact['in_order']:.0f} and {fact['reset']:.0f} µs)",
                "≤ 1.05",
                fact["ratio"] <= 1.05,
            )


def _observers(facts: Sequence[Fact]) -> Iterator[Row]:
    for fact in facts:
        if "observers" in fact:
            what = f"CPU per {fact['observers'].upper()} check, observed to not observed"
            starts = f"starts {fact['lowest']:.2f} to {fact['highest']:.2f}"
            costs = f"{fact['observed']:.0f} and {fact['bare']:.0f} µs"
            yield Row(what, f"{fact['ratio']:.2f} ({starts}; {costs})", "≤ 1.1", fact["ratio"] <= 1.1)
            yield Row(f"{what}, with a scrape every {fact['scrape_every']:.0f} s", f"{fact['scraped']:.2f}")


def _engine(facts: Sequence[Fact]) -> Iterator[Row]:
    for fact in facts:
        if "engine" in fact:
            rate = fact["engine"]
            yield Row("inputs that the engine takes in a second", f"{rate:,}", "≥ 10,000", rate >= 10_000)


def _doubt(turns: Sequence[Fact]) -> str:
    """Return a warning where a daemon that could have asked everybody in time did not."""
    if all(turn["rate"] >= 0.98 * turn["reals"] for turn in turns if turn["who"] != "the original"):
        return ""
    return (
        "\n**The machine was too busy with other things in this run**: not every turn has its full number of checks a\n"
        "second, and late checks come in clumps, which cost less each. Measure again when it is quiet.\n"
    )


def _turn(turn: Fact) -> str:
    kind = {"http": "HTTP", "tcp": "TCP", "https": "HTTPS"}[turn["kind"]]
    return (
        f"| {turn['who']} | {kind} | {turn['reals']} | {turn['rate']} | {turn['micros']:,} µs "
        f"| {turn['memory']:.0f} MB | {turn['all_in']:.1f} s |"
    )
