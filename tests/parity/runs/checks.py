"""Connects, pings, programs as checks, and checks that ask nothing."""

from tests.parity.support.scenario import START, Run, Scenario
from tests.parity.support.stage import PLACE
from tests.parity.support.steps import fail, recover, start, stop, trouble

GONE = {"stop": None}

# Taken out of the table: readdquiescent and quiescent are of the other runs.
CHECK_RUN = Run(
    name="checks",
    directives="""\
checktimeout=5
checkinterval=1
checkcount=1
quiescent=no
fork=no
""",
    steps=(start, trouble, recover, fail, stop),
    scenarios=(
        Scenario(
            title="connect: only whether it listens",
            section="virtual=10.9.0.100:4000\n\treal=10.9.0.13:80 masq\n\treal=10.9.0.12:80 masq\n"
            "\tchecktype=connect\n",
            states={START: "shut 1, sick 1", "trouble": "sick 1", "all are back": "shut 1, sick 1", **GONE},
        ),
        Scenario(
            title="connect over IPv6",
            section="virtual6=[fd00:9::100]:4000\n\treal6=[fd00:9::13]:80 masq\n\tchecktype=connect\n",
            states={START: "shut6 1", "trouble": "", "all are back": "shut6 1", **GONE},
        ),
        Scenario(
            title="ping",
            section="virtual=10.9.0.100:4001\n\treal=10.9.0.15:80 masq\n\tchecktype=ping\n\tcheckcount=2\n"
            "\tchecktimeout=1\n",
            states={START: "gone 1", "trouble": "", "all are back": "gone 1", **GONE},
        ),
        Scenario(
            title="a connect of UDP is a ping",
            section="virtual=10.9.0.100:4002\n\treal=10.9.0.15:80 masq 2\n\tprotocol=udp\n\tchecktype=connect\n"
            "\tchecktimeout=1\n",
            states={START: "gone 2", "trouble": "", "all are back": "gone 2", **GONE},
        ),
        Scenario(
            title="a connect without any port never succeeds",
            section="virtual=30\n\treal=10.9.0.11 gate\n\tchecktype=connect\n",
            states={START: "", **GONE},
        ),
        Scenario(
            title="a firewall mark's servers are checked at checkport",
            section="virtual=31\n\treal=10.9.0.13 gate\n\tchecktype=connect\n\tcheckport=80\n",
            states={START: "shut:0 1", "trouble": "", "all are back": "shut:0 1", **GONE},
        ),
        Scenario(
            title="service=none asks nothing",
            section="virtual=10.9.0.100:4003\n\treal=10.9.0.13:80 masq 3\n\tservice=none\n",
            states={START: "shut 3", **GONE},
        ),
        Scenario(
            title="a program as check",
            section="virtual=10.9.0.100:4004\n\treal=10.9.0.12:80 masq 4\n\tchecktype=external\n\tcheckport=99\n"
            f'\tcheckcommand="{PLACE}/checker"\n',
            states={START: "sick 4", "trouble": "", "all are back": "sick 4", "all fail": "", **GONE},
            calls=dict.fromkeys(
                (START, "trouble", "all are back", "all fail"), ("checker 10.9.0.100 4004 10.9.0.12 80",)
            ),
        ),
        Scenario(
            title="a program as check of a firewall mark's server",
            section=f"virtual=32\n\treal=10.9.0.11 gate\n\tchecktype=external\n\tcheckcommand={PLACE}/checker\n",
            states={START: "sound:0 1", "all fail": "", **GONE},
            calls=dict.fromkeys((START, "trouble", "all are back", "all fail"), ("checker 32 0 10.9.0.11 0",)),
        ),
        Scenario(
            title="a program as check over IPv6",
            section="virtual6=[fd00:9::100]:4004\n\treal6=[fd00:9::12]:80 masq 4\n\tchecktype=external\n"
            f"\tcheckcommand={PLACE}/checker\n",
            states={START: "sick6 4", **GONE},
            calls=dict.fromkeys(
                (START, "trouble", "all are back", "all fail"), ("checker [fd00:9::100] 4004 [fd00:9::12] 80",)
            ),
        ),
        Scenario(
            title="a Perl script as check",
            section="virtual=10.9.0.100:4005\n\treal=10.9.0.12:80 masq 5\n\tchecktype=external-perl\n"
            f'\tcheckcommand="{PLACE}/checker.pl"\n',
            states={START: "sick 5", "trouble": "", "all are back": "sick 5", "all fail": "", **GONE},
            calls=dict.fromkeys(
                (START, "trouble", "all are back", "all fail"), ("checker.pl 10.9.0.100 4005 10.9.0.12 80",)
            ),
        ),
        Scenario(
            title="the program is /bin/true where none is named",
            section="virtual=10.9.0.100:4006\n\treal=10.9.0.12:80 masq 6\n\tchecktype=external\n",
            states={START: "sick 6", **GONE},
        ),
        Scenario(
            title="directives of other services mean nothing to a connect",
            section="virtual=10.9.0.100:4007\n\treal=10.9.0.13:80 masq 7\n\tservice=mysql\n\tchecktype=connect\n"
            '\tlogin="who"\n\tpasswd="secret"\n\tdatabase="books"\n\tsecret="x"\n\tload="low"\n',
            states={START: "shut 7", "trouble": "", "all are back": "shut 7", **GONE},
        ),
    ),
)
