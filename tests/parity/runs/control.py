"""The command line: every action, with and without a daemon, and what goes wrong."""

from tests.parity.support.scenario import MORE, Differs, Run, Scenario
from tests.parity.support.steps import command

_VIRTUAL = "virtual=10.9.0.100:5000\n\treal=10.9.0.11:80 masq\n\tchecktype=on\n"
_BROKEN = "no directive at all\n" + _VIRTUAL
_STOPPED = "ldirectord is stopped for /lab.cf"
_UNKNOWN = "/lab.cf:4: unknown directive 'no directive at all': no directive has this name"
_CLEANS = "cleanstop=yes: this takes 1 of 1 virtual services out of the table, and ends their connections"
_EMPTIED_AND_FILLED = (
    "Added virtual server: 10.9.0.100:5000",
    "Purged real server (stop): 10.9.0.11:80 (10.9.0.100:5000)",
    "Purged virtual server (stop): 10.9.0.100:5000",
)
_RUNS = "ldirectord for /lab.cf is running with pid: N"


def _action(action: str, situation: str, *, running: bool = True) -> tuple[str, str, bool]:
    return f"{action}, {situation}", action, running


ACTIONS = (
    _action("status", "never started", running=False),
    _action("stop", "never started", running=False),
    _action("reload", "never started", running=False),
    _action("force-reload", "never started", running=False),
    _action("try-restart", "never started", running=False),
    _action("start", "never started"),
    _action("start", "running"),
    _action("status", "running"),
    _action("reload", "running"),
    _action("force-reload", "running"),
    _action("restart", "running"),
    _action("try-restart", "running"),
    _action("stop", "running", running=False),
    _action("restart", "stopped"),
    _action("status", "broken file"),
    _action("status", "mended file"),
)
STEPS = (
    command("-v", running=False),
    command(running=False),
    command("--bogus", running=False),
    command("CONFIG", "frobnicate", running=False),
    command("/nowhere/nosuch.cf", "start", running=False),
    command("CONFIG", "configtest", running=False),
    *(command("CONFIG", action, name=name, running=running, fresh=running) for name, action, running in ACTIONS),
)
_THERE = "sound 1"
_NOWHERE = (
    "Config file /nowhere/nosuch.cf not found: there is none of /etc/ha.d/nowhere/nosuch.cf,"
    " /etc/ha.d/conf/nowhere/nosuch.cf, /nowhere/nosuch.cf"
)

CONTROL_RUN = Run(
    name="control",
    directives="checkinterval=1\nreaddquiescent=yes\n",
    steps=STEPS,
    pulse=False,
    scenarios=(
        Scenario(
            title="the daemon comes and goes",
            section=_VIRTUAL,
            later={"status, broken file": _BROKEN, "status, mended file": _VIRTUAL},
            entry="-t 10.9.0.100:5000",
            states={
                "start, never started": _THERE,
                "stop, running": None,
                "restart, stopped": _THERE,
            },
            logs={
                name: Differs(("restart keeps the table",), _EMPTIED_AND_FILLED, ())
                for name in ("restart, running", "try-restart, running")
            },
        ),
        Scenario(title="-v", prints={"-v": ("exit 0", "Linux Director v1.186-ha", MORE)}),
        Scenario(title="no words: usage", prints={"no words": ("exit 255", MORE)}),
        Scenario(title="an unknown option", prints={"--bogus": ("exit 255", "Unknown option: bogus", MORE)}),
        Scenario(
            title="an unknown action",
            prints={"CONFIG frobnicate": ("exit 255", MORE)},
        ),
        Scenario(
            title="no such file",
            prints={
                "/nowhere/nosuch.cf start": Differs(
                    ("no such file",),
                    ("exit 1", "Config file /nowhere/nosuch.cf not found"),
                    (
                        "exit 1",
                        _NOWHERE,
                    ),
                )
            },
        ),
        Scenario(
            title="configtest",
            prints={
                "CONFIG configtest": Differs(
                    ("configtest",),
                    ("exit 255", MORE),
                    ("exit 0", "Configuration /lab.cf is fine: 1 virtual service, 1 real server", MORE),
                )
            },
        ),
        Scenario(
            title="status",
            prints={
                "status, never started": ("exit 3", _STOPPED),
                "status, running": ("exit 0", _RUNS),
            },
        ),
        Scenario(
            title="status of a broken file",
            prints={
                "status, broken file": Differs(
                    ("status and stop go by the daemon",),
                    ("exit 2", "Error [N] reading file /lab.cf at line 4: Unknown command no directive at all"),
                    (
                        "exit 0",
                        _RUNS,
                        f"running, pid N, on the configuration of TIME; the file on disk has errors: {_UNKNOWN}",
                    ),
                ),
                "status, mended file": Differs(("pid file",), ("exit 3", _STOPPED), ("exit 0", _RUNS)),
            },
        ),
        Scenario(title="start", prints={"start, never started": ("exit 0",), "start, running": ("exit 0",)}),
        Scenario(
            title="stop",
            prints={
                "stop, never started": ("exit 0",),
                "stop, running": Differs(
                    ("stop says what it does",),
                    ("exit 0",),
                    (
                        "exit 0",
                        _CLEANS,
                    ),
                ),
            },
        ),
        Scenario(
            title="reload and force-reload",
            prints={
                "reload, running": ("exit 0",),
                "force-reload, running": ("exit 0",),
                "reload, never started": Differs(("nothing to reload",), ("exit 1",), ("exit 1", _STOPPED)),
                "force-reload, never started": Differs(("nothing to reload",), ("exit 1",), ("exit 1", _STOPPED)),
            },
        ),
        Scenario(
            title="restart and try-restart",
            prints={
                "restart, running": ("exit 0",),
                "try-restart, running": ("exit 0",),
                "restart, stopped": ("exit 0",),
                "try-restart, never started": ("exit 0",),
            },
        ),
    ),
)
