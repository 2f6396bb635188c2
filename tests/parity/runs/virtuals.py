"""How a virtual service and its real servers stand in the table: everything that needs no trouble to be seen."""

from tests.parity.support.scenario import START, Differs, Run, Scenario
from tests.parity.support.steps import start, stop

GONE = {"stop": None}

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")


def _on(title: str, virtual: str, *lines: str, state: str = "", **more: object) -> Scenario:
    """Return a scenario whose servers, if it has any, are always up."""
    family = "6" if virtual.startswith("[") else ""
    section = "\n\t".join((f"virtual{family}={virtual}", *lines, "checktype=on", ""))
    states = {START: state, **GONE}
    return Scenario(title=title, section=section, **({"states": states} | more))


SOUND = "real=10.9.0.11:80 masq"

OPTIONS = (
    *(
        _on(
            f"scheduler={name}",
            f"10.9.0.100:{2000 + number}",
            f"scheduler={name}",
            state="" if name == "wrr" else f"-s {name}:",
        )
        for number, name in enumerate(SCHEDULERS)
    ),
    _on("without scheduler", "10.9.0.100:2100"),
    _on(
        "flags of a scheduler",
        "10.9.0.100:2101",
        "scheduler=sh",
        "schedflags=sh-fallback,sh-port",
        state="-s sh -b sh-fallback,sh-port:",
    ),
    _on("persistence", "10.9.0.100:2103", "persistent=600", state="-s wrr -p 600:"),
    _on(
        "persistence of networks",
        "10.9.0.100:2104",
        "persistent=360",
        "netmask=255.255.255.0",
        state="-s wrr -p 360 -M 255.255.255.0:",
    ),
    _on("a netmask without persistence", "10.9.0.100:2105", "netmask=255.255.255.0"),
    _on("UDP by protocol", "10.9.0.100:2106", "protocol=udp"),
    _on("UDP by port 53", "10.9.0.100:53"),
    _on("TCP at port 53", "10.9.0.100:53", "protocol=tcp"),
    _on("one packet scheduling", "10.9.0.100:2107", "protocol=udp", "ops=yes", state="-s wrr -o:"),
    _on("one packet scheduling is nothing for TCP", "10.9.0.100:2108", "ops=yes"),
)

SERVERS = (
    _on(
        "forwarding methods",
        "10.9.0.100:80",
        SOUND,
        "real=10.9.0.12:80 gate",
        "real=10.9.0.13:80 ipip",
        state="shut 1, sick 1, sound 1",
    ),
    _on(
        "weights",
        "10.9.0.100:2200",
        "real=10.9.0.11:80 masq 65535",
        "real=10.9.0.12:80 masq 7",
        "real=10.9.0.13:80 masq",
        state="shut 1, sick 7, sound 65535",
    ),
    _on(
        "weight 0",
        "10.9.0.100:2201",
        "real=10.9.0.11:80 masq 0",
        "fallback=10.9.0.19:80 masq",
        state="sound 0",
    ),
    _on("connection thresholds", "10.9.0.100:2202", "real=10.9.0.11:80 masq 3 l:10 u:20", state="sound 3 u:20 l:10"),
    _on(
        "a range of addresses",
        "10.9.0.100:2203",
        "real=10.9.0.11->10.9.0.14:80 masq 2",
        state="mute 2, shut 2, sick 2, sound 2",
    ),
    _on(
        "names of hosts and ports",
        "virtual.example.com:http-alt",
        "real=sound.example.com:http masq",
        "fallback=sick.example.com:80 masq",
        state="sound 1",
        entry="-t 10.9.0.100:8080",
    ),
    _on("translation to another port", "10.9.0.100:2204", "real=10.9.0.11:8080 masq", state="sound:8080 1"),
    _on(
        "direct routing has no ports of its own",
        "10.9.0.100:2205",
        "real=10.9.0.11:80 gate",
        state="sound:2205 1",
        logs={
            START: Differs(("ports",), (), ("Added real server: 10.9.0.11:2205 (10.9.0.100:2205) (Weight set to 1)",)),
            "stop": Differs(("ports",), ("Purged real server (stop): 10.9.0.11:80 (10.9.0.100:2205)",), ()),
        },
    ),
    _on(
        "direct routing has no ports of its own, quiescent",
        "10.9.0.100:2206",
        "real=10.9.0.15:80 gate",
        "quiescent=yes",
        states={START: Differs(("ports",), "gone:2206 0", "gone:2206 1"), **GONE},
        logs={
            START: Differs(
                ("ports",),
                (),
                ("Added real server: 10.9.0.15:2206 (10.9.0.100:2206) (Weight set to 1)",),
            ),
            "stop": Differs(("ports",), ("Purged real server (stop): 10.9.0.15:80 (10.9.0.100:2206)",), ()),
        },
    ),
    _on(
        "a server on two lines",
        "10.9.0.100:2207",
        "real=10.9.0.11:80 masq 2",
        "real=10.9.0.11:80 masq 5",
        state="sound 5",
    ),
    _on("IPv6", "[fd00:9::100]:80", "real6=[fd00:9::11]:80 masq 4", state="sound6 4"),
    _on(
        "IPv6 persistence of networks",
        "[fd00:9::100]:81",
        "real6=[fd00:9::11]:80 gate",
        "persistent=60",
        "netmask=64",
        state="-s wrr -p 60 -M 64: sound6:81 1",
        logs={
            START: Differs(
                ("ports",), (), ("Added real server: [fd00:9::11]:81 ([fd00:9::100]:81) (Weight set to 1)",)
            ),
            "stop": Differs(("ports",), ("Purged real server (stop): [fd00:9::11]:80 ([fd00:9::100]:81)",), ()),
        },
    ),
)

MARKS = (
    _on(
        "a firewall mark",
        "5",
        SOUND,
        "real=10.9.0.12 gate",
        "protocol=fwm",
        "scheduler=wlc",
        state="-s wlc: sick:0 1, sound 1",
    ),
    Scenario(
        title="a firewall mark of IPv6",
        section="virtual6=8\n\treal6=[fd00:9::11]:80 masq\n\tchecktype=on\n\tpersistent=60\n\tnetmask=64\n",
        states={START: "-s wrr -p 60 -M 64: sound6 1", **GONE},
    ),
)

FALLBACKS = (
    Scenario(
        title="nothing to serve but the global fallback",
        section="virtual=10.9.0.100:2300\n\tquiescent=no\n\tchecktype=on\n",
        states={START: "sorry:2300 1", **GONE},
    ),
    Scenario(
        title="checktype=off lets nobody in but the fallback",
        section="virtual=10.9.0.100:2301\n\treal=10.9.0.11:80 masq\n\tchecktype=off\n\tfallback=10.9.0.19:8080 masq\n",
        states={START: "sorry:8080 1", **GONE},
    ),
    Scenario(
        title="the global fallback of IPv6",
        section="virtual6=[fd00:9::100]:2302\n\tchecktype=off\n",
        states={START: "sorry6:2302 1", **GONE},
    ),
    Scenario(
        title="a fallback of IPv6 in a section",
        section="virtual6=[fd00:9::100]:2303\n\tfallback6=[fd00:9::19]:8080 masq\n\tchecktype=off\n",
        states={START: "sorry6:8080 1", **GONE},
    ),
    Scenario(
        title="a fallback of a firewall mark",
        section="virtual=6\n\tfallback=10.9.0.19 masq\n\tchecktype=off\n",
        states={START: "sorry:0 1", **GONE},
    ),
    Scenario(
        title="the global fallback and a firewall mark",
        section="virtual=7\n\treal=10.9.0.11:80 masq\n\tchecktype=off\n",
        states={START: Differs(("global fallback",), "", "sorry:0 1"), **GONE},
        logs={
            START: Differs(("global fallback",), (), ("Added fallback server: 10.9.0.19:0 (7) (Weight set to 1)",)),
        },
    ),
)

_GLOBALS = """\
checkinterval=1
checktimeout=2
fallback=10.9.0.19 gate
fallback6=[fd00:9::19]
"""
_NO_FALLBACK = """\
checkinterval=1
checktimeout=2
readdquiescent=yes
"""

OPTION_RUN = Run(name="options", directives=_NO_FALLBACK, steps=(start, stop), scenarios=OPTIONS)
SERVER_RUN = Run(name="servers", directives=_NO_FALLBACK, steps=(start, stop), scenarios=(*SERVERS, *MARKS))
FALLBACK_RUN = Run(name="fallbacks", directives=_GLOBALS, steps=(start, stop), scenarios=FALLBACKS)
