"""Compares what both programs did in a scenario with each other, and with what was expected of each."""

import re
from collections.abc import Iterable, Iterator, Mapping

from tests.parity.support.observing import Observation
from tests.parity.support.playing import Played, spelled
from tests.parity.support.scenario import MORE, Differs, Expected, Lines, Run, Scenario, Step, of

_FLAPPING = re.compile(
    r"(Deleted|Quiescent|Readd Quiescent|Added|Restored|Changed) (real|fallback) server|Resetting soft|Soft f"
    r"|Changed virtual"
)
"""In which words each program may tell how the same servers come in while the table is programmed: rows
*first success*, *order* and *changed*."""
_TOLD_AT_STOP = re.compile(r"Purged real server \(stop\)|Deleted fallback server")
"""What only ours may log while it stops: row *told at stop*."""
_REMINDER = re.compile(r"\bInaccessible real server")
PROGRAMS = ("original", "ours")


def disagreements(run: Run, scenario: Scenario, played: Played) -> list[str]:
    """Return everything that is not as it is to be, each with scenario, step, and both programs' doings."""
    found = []
    for step in run.steps:
        if any(step.name not in by_step for by_step in (played.original, played.ours)):
            found.append(f"{step.name}: was not reached")
            continue
        original, ours = played.original[step.name], played.ours[step.name]
        found += [
            f"{step.name}: {program} never came to what all scenarios expect together"
            for program, each in (("original", original), ("ours", ours))
            if not each.settled
        ]
        texts = _at(run, scenario, step, {"original": original, "ours": ours})
        found += [f"{scenario.title}\nafter: {step.name}\n{text}" for text in texts]
    return found


def _at(run: Run, scenario: Scenario, step: Step, seen: Mapping[str, Observation]) -> Iterator[str]:
    if scenario.mails:
        letters = {program: "\n\n".join(_own_mails(scenario, step, each.letters)) for program, each in seen.items()}
        if letters["original"] != letters["ours"] and not isinstance(scenario.mails.get(step.name), Differs):
            yield f"the mails differ: the original's\n{letters['original']}\n  ours\n{letters['ours']}"
    if scenario.virtual:
        yield from _states(run, scenario, step, seen)
        yield from _messages(scenario, step, seen)
    for what, expectations, lines in (
        ("calls", scenario.calls, {program: _own_calls(scenario, each) for program, each in seen.items()}),
        ("prints", scenario.prints, {program: each.printed for program, each in seen.items()}),
        ("mails", scenario.mails, {program: _own_mails(scenario, step, each.mails) for program, each in seen.items()}),
        ("monitor file", scenario.monitored, {program: _monitored(scenario, each) for program, each in seen.items()}),
    ):
        always = what == "mails" or (what == "calls" and step.running)
        if step.name in expectations or (expectations and always):
            yield from _lines(what, expectations.get(step.name, ()), lines)


def _states(run: Run, scenario: Scenario, step: Step, seen: Mapping[str, Observation]) -> Iterator[str]:
    expected = {program: run.expected(scenario, step.name, program) for program in PROGRAMS}
    actual = {program: each.state(scenario.virtual) for program, each in seen.items()}
    tables = {program: "\n    ".join(each.table.get(scenario.virtual, ("-",))) for program, each in seen.items()}
    both = "\n".join(f"  {program}:\n    {tables[program]}" for program in PROGRAMS)
    for program in PROGRAMS:
        if actual[program] != expected[program]:
            yield f"{program} should have: {spelled(expected[program])}\n  but has: {spelled(actual[program])}\n{both}"
    alike = expected["original"] == expected["ours"] and actual["original"] == actual["ours"]
    if alike and tables["original"] != tables["ours"]:
        yield f"the tables differ in more than weights:\n{both}"


def _messages(scenario: Scenario, step: Step, seen: Mapping[str, Observation]) -> Iterator[str]:
    about = {
        program: {line for line in each.log if _concerns(line, scenario) and not _REMINDER.search(line)}
        for program, each in seen.items()
    }
    only = {"original": about["original"] - about["ours"], "ours": about["ours"] - about["original"]}
    if step.fresh:
        only["original"] = {line for line in only["original"] if not _FLAPPING.match(line)}
        subjects = {_subject(line) for line in about["original"]}
        only["ours"] = {line for line in only["ours"] if not _FLAPPING.match(line) or _subject(line) not in subjects}
    if not step.running:
        only["ours"] = {line for line in only["ours"] if not _TOLD_AT_STOP.match(line)}
    allowed = scenario.logs.get(step.name, Differs((), (), ()))
    for program in PROGRAMS:
        if only[program] != set(of(allowed, program)):
            yield (
                f"only {program} logged {sorted(only[program])}, but expected were {sorted(of(allowed, program))};"
                f" both logged {sorted(about['original'] & about['ours'])}"
            )


def _concerns(line: str, scenario: Scenario) -> bool:
    label = re.escape(scenario.virtual.split()[1])
    return re.search(rf"\(((tcp|udp|fwm6?):)?{label}\)|: {label}$", line) is not None


def _subject(line: str) -> str:
    return line.partition("server: ")[2].partition(" (Weight")[0] or line


def _own_calls(scenario: Scenario, seen: Observation) -> Lines:
    """Return the calls of the scenario's own fallbackcommand, or those about its virtual; all if it has no virtual."""
    if not scenario.virtual:
        return seen.calls
    if own := re.search(r"fallbackcommand *= *\S*/([\w-]+)", scenario.section):
        return tuple(line for line in seen.calls if line.startswith(f"{own[1]} "))
    label = scenario.virtual.split()[1]
    address, _, port = label.rpartition(":")
    words = (f" {label} ", f" {address} {port} ") if address else (f" {label} ",)
    return tuple(line for line in seen.calls if any(word in f"{line} " for word in words))


def _own_mails(scenario: Scenario, step: Step, mails: Iterable[str]) -> Lines:
    """Return the mails about the scenario's virtual; reminders come by the clock, and count where they are expected."""
    expected = of(scenario.mails.get(step.name, ()), "ours")
    return tuple(
        mail for mail in mails if _concerns(mail, scenario) and (mail in expected or not _REMINDER.search(mail))
    )


def _monitored(scenario: Scenario, seen: Observation) -> Lines:
    match = re.search(r"monitorfile *= *\S*/([^/\s\"]+)", scenario.section)
    return seen.monitored.get(match[1], ()) if match else ()


def _lines(what: str, expected: Expected[Lines], seen: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for program in PROGRAMS:
        actual, wanted = tuple(seen[program]), of(expected, program)
        if wanted[-1:] == (MORE,):
            actual = (*actual[: len(wanted) - 1], MORE)
        if actual != wanted:
            yield f"{what} of {program}: {list(seen[program])}\n  but expected were {list(wanted)}"
