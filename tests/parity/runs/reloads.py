"""Changes of the configuration, starts on a table that is there already, and ends that leave it."""

import os

from tests.parity.support.scenario import START, Differs, Run, Scenario, State, Step
from tests.parity.support.stage import PLACE, Stage
from tests.parity.support.steps import fail, recover, sighup, start, stop, trouble

GONE = {"stop": None}
CHANGED = "the file is changed"


def _changing(title: str, port: int, before: tuple[str, State], after: tuple[str, State]) -> Scenario:
    """Return a scenario whose section changes: its lines (none of them: no section) and state, before and after."""
    head = f"virtual=10.9.0.100:{port}"
    texts = ["\n\t".join((head, *text.split("; "), "checktype=on", "")) if text else "" for text, _ in (before, after)]
    return Scenario(
        title=title,
        section=texts[0],
        later={CHANGED: texts[1]},
        entry=f"-t 10.9.0.100:{port}",
        states={START: before[1], CHANGED: after[1], **GONE},
    )


ONE = "real=10.9.0.11:80 masq"

RELOAD_RUN = Run(
    name="reload",
    directives="checkinterval=1\nreaddquiescent=yes\n",
    steps=(start, Step(CHANGED, sighup, fresh=True), stop),
    scenarios=(
        _changing("reload: nothing changes", 6000, (f"{ONE} 10", "sound 10"), (f"{ONE} 10", "sound 10")),
        _changing("reload: another weight", 6001, (f"{ONE} 11", "sound 11"), (f"{ONE} 31", "sound 31")),
        _changing(
            "reload: a server more",
            6002,
            (f"{ONE} 12", "sound 12"),
            (f"{ONE} 12; real=10.9.0.12:80 masq 2", "sick 2, sound 12"),
        ),
        _changing(
            "reload: a server less",
            6003,
            (f"{ONE} 13; real=10.9.0.12:80 masq 3", "sick 3, sound 13"),
            (f"{ONE} 13", "sound 13"),
        ),
        _changing("reload: a virtual more", 6004, ("", None), (f"{ONE} 14", "sound 14")),
        _changing("reload: a virtual less", 6005, (f"{ONE} 15", "sound 15"), ("", None)),
        _changing(
            "reload: another scheduler", 6006, (f"{ONE} 16", "sound 16"), (f"{ONE} 16; scheduler=rr", "-s rr: sound 16")
        ),
        _changing(
            "reload: persistence comes",
            6007,
            (f"{ONE} 17", "sound 17"),
            (f"{ONE} 17; persistent=60", "-s wrr -p 60: sound 17"),
        ),
        _changing(
            "reload: persistence goes",
            6008,
            (f"{ONE} 18; persistent=60", "-s wrr -p 60: sound 18"),
            (f"{ONE} 18", "sound 18"),
        ),
        _changing(
            "reload: thresholds come", 6009, (f"{ONE} 19", "sound 19"), (f"{ONE} 19 l:2 u:9", "sound 19 u:9 l:2")
        ),
        _changing(
            "reload: another forwarding method",
            6010,
            ("real=10.9.0.11:6010 masq", "sound:6010 1"),
            ("real=10.9.0.11:6010 ipip", "sound:6010 1"),
        ),
    ),
)

BROKEN_RUN = Run(
    name="broken reload",
    directives="checkinterval=1\nchecktimeout=1\nnegotiatetimeout=1\nquiescent=yes\nreaddquiescent=yes\n",
    steps=(
        start,
        Step("the file is broken", sighup),
        trouble,
        recover,
        Step("the file is mended", sighup, fresh=True),
        stop,
    ),
    scenarios=(
        Scenario(
            title="broken reload: above the error",
            section="virtual=10.9.0.100:6100\n\treal=10.9.0.12:80 masq\n\tservice=http\n",
            states={START: "sick 1", "trouble": "sick 0", "all are back": "sick 1", **GONE},
        ),
        Scenario(
            title="broken reload: below the error",
            section="virtual=10.9.0.100:6101\n\treal=10.9.0.13:80 masq\n\tservice=http\n",
            later={
                "the file is broken": "no directive\nvirtual=10.9.0.100:6101\n\treal=10.9.0.13:80 masq 5\n",
                "the file is mended": "virtual=10.9.0.100:6101\n\treal=10.9.0.13:80 masq 3\n\tservice=http\n",
            },
            states={
                START: "shut 1",
                "trouble": Differs(("atomic reload",), "shut 1", "shut 0"),
                "all are back": "shut 1",
                "the file is mended": "shut 3",
                **GONE,
            },
            logs={
                "trouble": Differs(
                    ("atomic reload",),
                    (),
                    ("Quiescent real server: 10.9.0.13:80 (10.9.0.100:6101) (Weight set to 0)",),
                ),
                "all are back": Differs(
                    ("atomic reload",),
                    (),
                    (
                        "Restored real server: 10.9.0.13:80 (10.9.0.100:6101) (Weight set to 1)",
                        "Resetting soft failure count: 10.9.0.13:80 (tcp:10.9.0.100:6101)",
                    ),
                ),
            },
        ),
    ),
    pulse=True,
)


def _touch(stage: Stage) -> None:
    os.utime(stage.director.file)


def _remove(stage: Stage) -> None:
    stage.director.file.unlink()


AUTORELOAD_RUN = Run(
    name="autoreload",
    directives=f'checkinterval=1\nautoreload=yes\nlogfile="/var/log/elsewhere.log"\ncallback="{PLACE}/called-back"\n',
    steps=(
        start,
        Step("the file is touched", _touch),
        Step(CHANGED, Stage.write, fresh=True),
        Step("the file is gone", _remove),
        Step("the file is back", Stage.write),
        stop,
    ),
    scenarios=(
        Scenario(
            title="autoreload: a changed file is taken up",
            section="virtual=10.9.0.100:6200\n\treal=10.9.0.11:80 masq\n\tchecktype=on\n",
            later={CHANGED: "virtual=10.9.0.100:6200\n\treal=10.9.0.11:80 masq 4\n\tchecktype=on\n"},
            states={START: "sound 1", CHANGED: "sound 4", **GONE},
        ),
        Scenario(
            title="callback: a program is run when the file changes",
            calls={CHANGED: ("called-back /lab.cf",)},
        ),
    ),
)

NO_AUTORELOAD_RUN = Run(
    name="no autoreload",
    directives=f'checkinterval=1\nautoreload=no\ncallback="{PLACE}/called-back"\ncleanstop=no\n',
    steps=(start, Step(CHANGED, Stage.write), stop),
    scenarios=(
        Scenario(
            title="no autoreload: a changed file is not taken up, but told of",
            section="virtual=10.9.0.100:6300\n\treal=10.9.0.11:80 masq\n\tchecktype=on\n\tcleanstop=yes\n",
            later={CHANGED: "virtual=10.9.0.100:6300\n\treal=10.9.0.11:80 masq 4\n\tchecktype=on\n\tcleanstop=yes\n"},
            states={START: "sound 1", **GONE},
        ),
        Scenario(title="no autoreload: callback", calls={CHANGED: ("called-back /lab.cf",)}),
        Scenario(
            title="cleanstop=no leaves a virtual in the table",
            section="virtual=10.9.0.100:6301\n\treal=10.9.0.11:80 masq 2\n\tchecktype=on\n",
            states={START: "sound 2"},
        ),
    ),
)

_BEFORE = """\
-A -t 10.9.0.100:6400 -s rr
-a -t 10.9.0.100:6400 -r 10.9.0.11:80 -m -w 7
-a -t 10.9.0.100:6400 -r 10.9.0.12:80 -m -w 0
-a -t 10.9.0.100:6400 -r 10.9.0.14:80 -m -w 4
-a -t 10.9.0.100:6400 -r 10.9.0.19:80 -m -w 1
-A -t 10.9.0.100:6401 -s wlc
-a -t 10.9.0.100:6401 -r 10.9.0.11:80 -m -w 3
-A -t 10.9.0.100:6402 -s wrr
-a -t 10.9.0.100:6402 -r 10.9.0.11:80 -m -w 5
"""


def _fill(stage: Stage) -> None:
    stage.director.host.run("ipvsadm -R", text=_BEFORE)


def _again(stage: Stage) -> None:
    stage.stop()
    stage.start()


ADOPTION_RUN = Run(
    name="adoption",
    directives="checkinterval=1\nchecktimeout=1\nnegotiatetimeout=1\n",
    steps=(
        Step("a table is there", _fill, running=False),
        start,
        Step("stopped and started again", _again, fresh=True),
        stop,
    ),
    scenarios=(
        Scenario(
            title="adoption: weights and options are set, strangers among the servers go",
            section="virtual=10.9.0.100:6400\n\treal=10.9.0.11:80 masq 3\n\treal=10.9.0.12:80 masq 2\n"
            "\tfallback=10.9.0.19:80 masq\n\tservice=http\n",
            states={
                "a table is there": "-s rr: mute 4, sick 0, sorry 1, sound 7",
                START: "sick 2, sound 3",
                **GONE,
            },
            logs={
                START: Differs(
                    ("purged at start",), (), ("Purged real server (start): 10.9.0.12:80 (10.9.0.100:6400)",)
                )
            },
        ),
        Scenario(
            title="adoption: a virtual that the file does not name is left alone",
            entry="-t 10.9.0.100:6401",
            states={"a table is there": "-s wlc: sound 3"},
        ),
        Scenario(
            title="adoption: cleanstop=no, and the next start finds all as it was",
            section="virtual=10.9.0.100:6402\n\treal=10.9.0.11:80 masq 5\n\tchecktype=connect\n\tcleanstop=no\n",
            states={"a table is there": "sound 5"},
        ),
    ),
)

DEAD_RUN = Run(
    name="dead at start",
    directives="checkinterval=1\nchecktimeout=1\nnegotiatetimeout=1\nfork=yes\n",
    steps=(Step("all fail", fail.happen, running=False), start, recover, stop),
    scenarios=(
        Scenario(
            title="a start while all are dead, quiescent",
            section="virtual=10.9.0.100:6500\n\treal=10.9.0.11:80 masq 2\n\tservice=http\n\tquiescent=yes\n"
            "\tfallback=10.9.0.19:80 masq\n\tcheckinterval=1\n",
            states={START: "sorry 1, sound 0", "all are back": "sound 2", **GONE},
        ),
        Scenario(
            title="a start while all are dead, not quiescent",
            section="virtual=10.9.0.100:6501\n\treal=10.9.0.12:80 masq 2\n\tservice=http\n\tquiescent=no\n"
            "\tfallback=10.9.0.19:80 masq\n\tcheckinterval=2\n",
            states={START: "sorry 1", "all are back": "sick 2", **GONE},
        ),
    ),
)
