"""Maintenance, programs that are told of changes, and monitor files."""

from tests.parity.support.scenario import MORE, START, Differs, Lines, Run, Scenario, Step
from tests.parity.support.stage import MAINTENANCE, MONITORED, PLACE, Stage
from tests.parity.support.steps import command, recover, start, stop, trouble

GONE = {"stop": None}
BEGIN, END = "maintenance begins", "maintenance is over"
FILES = ("10.9.0.11:80", "sick", "10.9.0.13")
"""A server by address and port, one by the first word of its name, one by address."""
_MAINTAINED = "connect tcp 10.9.0.11 80 2 masq /  [down] Server in maintenance"
HTTP = '\tservice=http\n\trequest="alive.html"\n\treceive="alive!"\n'


def _begin(_stage: Stage) -> None:
    for name in FILES:
        (MAINTENANCE / name).touch()


def _end(_stage: Stage) -> None:
    for name in FILES:
        (MAINTENANCE / name).unlink()


def _no_failure(number: int, port: int) -> Differs[Lines]:
    message = f"Resetting soft failure count: 10.9.0.{number}:80 (tcp:10.9.0.100:{port})"
    return Differs(("maintenance is no failure",), (message,), ())


def _reasons(line: str, original: str, ours: str, *, before: Lines = ()) -> Differs[Lines]:
    """Return lines of a monitor file of which the last has a reason in each program's own words."""
    return Differs(("monitorfile reasons",), (*before, f"{line} {original}"), (*before, f"{line} {ours}"))


def _maintained(name: str, number: int, port: int, *lines: str, out: str) -> Scenario:
    section = "\n\t".join((f"virtual=10.9.0.100:{port}", f"real=10.9.0.{number}:80 masq", *lines, ""))
    return Scenario(
        title=f"maintenance: {name}",
        section=section,
        states={START: f"{_NAMES[number]} 1", BEGIN: out, END: f"{_NAMES[number]} 1", **GONE},
        logs={END: _no_failure(number, port)},
    )


_NAMES = {11: "sound", 12: "sick", 13: "shut"}

MAINTENANCE_RUN = Run(
    name="maintenance",
    directives=f"checkinterval=1\nchecktimeout=1\nnegotiatetimeout=1\nfailurecount=3\nmaintenancedir={MAINTENANCE}\n",
    steps=(start, Step(BEGIN, _begin), Step(END, _end), stop),
    scenarios=(
        _maintained("by address and port", 11, 7000, "service=http", "quiescent=yes", out="sound 0"),
        _maintained("by name", 12, 7001, "service=http", out=""),
        _maintained("by address", 13, 7002, "checktype=connect", "fallback=10.9.0.19:80 masq", out="sorry 1"),
        Scenario(
            title="maintenance: in the monitor file",
            section="virtual=10.9.0.100:7003\n\treal=10.9.0.11:80 masq 2\n\treal=10.9.0.14:80 masq 2\n"
            f'\tchecktype=connect\n\tmonitorfile="{MONITORED}/maintenance"\n',
            states={START: "mute 2, sound 2", BEGIN: "mute 2", END: "mute 2, sound 2", **GONE},
            logs={END: _no_failure(11, 7003)},
            monitored={
                BEGIN: _reasons("connect tcp 10.9.0.14 80 2 masq /  [up]", "-", "connected", before=(_MAINTAINED,)),
            },
        ),
    ),
)

_TOLD = "told {} 10.9.0.100:7100 tcp"
_TOO = "told-too loudly {} 10.9.0.100:7101 tcp"

HOOK_RUN = Run(
    name="hooks",
    directives=f"""\
checkinterval=1
checktimeout=1
negotiatetimeout=1
fallbackcommand={PLACE}/told
emailalert=operator@example.com
emailalertfrom=director@example.com
emailalertfreq=1
emailalertstatus=none
smtp=10.9.0.16
""",
    steps=(start, trouble, recover, stop),
    scenarios=(
        Scenario(
            title="fallbackcommand",
            section="virtual=10.9.0.100:7100\n\treal=10.9.0.12:80 masq\n" + HTTP,
            states={START: "sick 1", "trouble": "", "all are back": "sick 1", **GONE},
            calls={
                START: Differs(
                    ("fallbackcommand at start",),
                    (_TOLD.format("start"), _TOLD.format("stop")),
                    (_TOLD.format("stop"),),
                ),
                "trouble": (_TOLD.format("start"),),
                "all are back": (_TOLD.format("stop"),),
            },
        ),
        Scenario(
            title="fallbackcommand with words of its own",
            section="virtual=10.9.0.100:7101\n\treal=10.9.0.12:80 masq 2\n\tfallback=10.9.0.19:80 masq\n"
            f'\tfallbackcommand="{PLACE}/told-too loudly"\n{HTTP}',
            states={START: "sick 2", "trouble": "sorry 1", "all are back": "sick 2", **GONE},
            calls={
                START: Differs(
                    ("fallbackcommand at start",), (_TOO.format("start"), _TOO.format("stop")), (_TOO.format("stop"),)
                ),
                "trouble": (_TOO.format("start"),),
                "all are back": (_TOO.format("stop"),),
            },
        ),
        Scenario(
            title="fallbackcommand of a firewall mark",
            section=f'virtual=33\n\treal=10.9.0.12:80 masq 3\n\tfallbackcommand="{PLACE}/told-of-mark"\n{HTTP}',
            states={START: "sick 3", "trouble": "", "all are back": "sick 3", **GONE},
            calls={
                START: Differs(
                    ("fallbackcommand at start", "fallbackcommand for marks"),
                    ("told-of-mark start :0 fwm", "told-of-mark stop :0 fwm"),
                    ("told-of-mark stop 33 fwm",),
                ),
                "trouble": Differs(
                    ("fallbackcommand for marks",), ("told-of-mark start :0 fwm",), ("told-of-mark start 33 fwm",)
                ),
                "all are back": Differs(
                    ("fallbackcommand for marks",), ("told-of-mark stop :0 fwm",), ("told-of-mark stop 33 fwm",)
                ),
            },
        ),
        Scenario(
            title="monitorfile: pages",
            section=f"virtual=10.9.0.100:7103\n\treal=10.9.0.12:80 masq 4\n\tmonitorfile={MONITORED}/pages\n{HTTP}",
            states={START: "sick 4", "trouble": "", "all are back": "sick 4", **GONE},
            monitored={
                START: ("negotiate http tcp 10.9.0.12 80 4 masq /alive.html alive! [up] 200 OK",),
                "trouble": _reasons(
                    "negotiate http tcp 10.9.0.12 80 4 masq /alive.html alive! [down]",
                    "I'm afraid not",
                    "the body does not match 'alive!': got 'I'm afraid not'",
                ),
                "all are back": ("negotiate http tcp 10.9.0.12 80 4 masq /alive.html alive! [up] 200 OK",),
            },
        ),
        Scenario(
            title="monitorfile: connects",
            section="virtual=10.9.0.100:7104\n\treal=10.9.0.13:80 masq 5\n\tchecktype=connect\n"
            f'\tmonitorfile="{MONITORED}/connects"\n',
            states={START: "shut 5", "trouble": "", "all are back": "shut 5", **GONE},
            monitored={
                START: _reasons("connect tcp 10.9.0.13 80 5 masq /  [up]", "-", "connected"),
                "trouble": _reasons("connect tcp 10.9.0.13 80 5 masq /  [down]", "-", "connection refused"),
            },
        ),
        Scenario(
            title="emailalertstatus=none: nobody is told by mail",
            section='virtual=10.9.0.100:7105\n\treal=10.9.0.12:80 masq 6\n\temailalert="admin@example.com"\n'
            "\temailalertfreq=60\n\temailalertstatus=none\n\tsmtp=10.9.0.16\n\tservicename=books\n"
            f"\tcomment=ask the librarian\n{HTTP}",
            states={START: "sick 6", "trouble": "", "all are back": "sick 6", **GONE},
        ),
    ),
)

_OTHER = "checkinterval=1\nvirtual=10.9.0.100:7200\n\treal=10.9.0.12:80 masq\n\tchecktype=on\n\n"


def _start_both(stage: Stage) -> None:
    (stage.director.folder / "etc/ha.d/other.cf").write_text(_OTHER)
    stage.start()


EXECUTE_RUN = Run(
    name="execute",
    directives="checkinterval=1\nexecute=other.cf\n",
    steps=(Step(START, _start_both, fresh=True), command("CONFIG", "status", running=True), stop),
    scenarios=(
        Scenario(
            title="execute: the one that executes",
            section="virtual=10.9.0.100:7201\n\treal=10.9.0.11:80 masq\n\tchecktype=on\n",
            states={START: "sound 1", **GONE},
        ),
        Scenario(
            title="execute: another configuration has a daemon of its own",
            entry="-t 10.9.0.100:7200",
            states={START: "sick 1", **GONE},
            prints={
                "CONFIG status": (
                    "exit 0",
                    "ldirectord for /lab.cf is running with pid: N",
                    "ldirectord for /etc/ha.d/other.cf is running with pid: N",
                )
            },
        ),
    ),
)


def _supervise(stage: Stage) -> None:
    stage.write()
    stage.supervise()


SUPERVISED_RUN = Run(
    name="supervised",
    directives="checkinterval=1\nsupervised=yes\n",
    steps=(
        Step("start, supervised", _supervise, fresh=True),
        command("CONFIG", "status", running=True),
        Step("stop", Stage.interrupt, running=False),
    ),
    scenarios=(
        Scenario(
            title="supervised: in the foreground, without a pid file, and telling its log on standard output",
            section="virtual=10.9.0.100:7300\n\treal=10.9.0.11:80 masq\n\tchecktype=on\n",
            states={"start, supervised": "sound 1", **GONE},
            prints={"CONFIG status": ("exit 3", MORE), "stop": ("exit 0",)},
        ),
    ),
)


def _mails(port: int, trouble: tuple[str, ...], back: tuple[str, ...], **more: Lines) -> dict[str, Lines]:
    """Return the mails of a virtual's steps; each of *trouble* and *back* tells of the server, in words without it."""
    return {
        name: tuple(sorted("running: " + line.format(f"10.9.0.12:80 (10.9.0.100:{port})") for line in lines))
        for name, lines in (("trouble", trouble), ("all are back", back))
    } | more


MAIL_RUN = Run(
    name="mails",
    directives="""\
checkinterval=1
checktimeout=1
negotiatetimeout=1
emailalert=operator@example.com
emailalertfrom=director@example.com
emailalertstatus=running
smtp=10.9.0.17
""",
    steps=(start, trouble, recover, stop),
    scenarios=(
        Scenario(
            title="mail: a server goes and comes back",
            section="virtual=10.9.0.100:8000\n\treal=10.9.0.12:80 masq\n" + HTTP,
            states={START: "sick 1", "trouble": "", "all are back": "sick 1", **GONE},
            mails=_mails(8000, ("Deleted real server: {}",), ("Added real server: {} (Weight set to 1)",)),
        ),
        Scenario(
            title="mail: names, remarks and recipients of a section's own; quiescent",
            section="virtual=10.9.0.100:8001\n\treal=10.9.0.12:80 masq 2\n\tquiescent=yes\n"
            '\temailalert="librarian@example.com"\n\tservicename=Books\n\tcomment=ask the librarian\n' + HTTP,
            states={START: "sick 2", "trouble": "sick 0", "all are back": "sick 2", **GONE},
            mails=_mails(
                8001,
                ("[Books] Quiescent real server: {} (Weight set to 0)",),
                ("[Books] Restored real server: {} (Weight set to 2)",),
            ),
        ),
        Scenario(
            title="mail: reminders",
            section="virtual=10.9.0.100:8002\n\treal=10.9.0.12:80 masq 3\n\temailalertfreq=1\n" + HTTP,
            states={START: "sick 3", "trouble": "", "all are back": "sick 3", **GONE},
            mails=_mails(
                8002,
                ("Deleted real server: {}", "Inaccessible real server: {}"),
                ("Added real server: {} (Weight set to 3)",),
            ),
        ),
        Scenario(
            title="mail: the fallback",
            section="virtual=10.9.0.100:8003\n\treal=10.9.0.12:80 masq 4\n\tfallback=10.9.0.19:80 masq\n" + HTTP,
            states={START: "sick 4", "trouble": "sorry 1", "all are back": "sick 4", **GONE},
            mails=_mails(
                8003,
                ("Deleted real server: {}", "Added fallback server: 10.9.0.19:80 (10.9.0.100:8003) (Weight set to 1)"),
                ("Added real server: {} (Weight set to 4)", "Deleted fallback server: 10.9.0.19:80 (10.9.0.100:8003)"),
            ),
        ),
        Scenario(
            title="mail: emailalertstatus=stopping",
            section="virtual=10.9.0.100:8004\n\treal=10.9.0.12:80 masq 5\n\temailalertstatus=stopping\n" + HTTP,
            states={START: "sick 5", "trouble": "", "all are back": "sick 5", **GONE},
            mails={"stop": ("stopping: Purged real server (stop): 10.9.0.12:80 (10.9.0.100:8004)",)},
        ),
    ),
)
