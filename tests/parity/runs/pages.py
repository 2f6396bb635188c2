"""Web servers that answer, fail in different ways and come back."""

from tests.parity.support.scenario import START, Differs, Run, Scenario
from tests.parity.support.steps import fail, one_back, recover, start, stop, trouble

GONE = {"stop": None}
HTTP = '\tservice=http\n\trequest="alive.html"\n\treceive="I\'m alive!"\n'


def sick(title: str, port: int, *lines: str, real: str = "10.9.0.12:80 masq", **more: object) -> Scenario:
    """Return a scenario with the server that answers with other pages while there is trouble."""
    section = "\n\t".join((f"virtual=10.9.0.100:{port}", f"real={real}", *lines, ""))
    states = {START: "sick 1", "trouble": "sick 0", "all are back": "sick 1", "all fail": "sick 0"}
    states |= {"one is back": "sick 1", **GONE}
    return Scenario(title=title, section=section, **({"states": states} | more))


BOTH = "\treal=10.9.0.11:80 masq 3\n\treal=10.9.0.12:80 masq 2\n\tfallback=10.9.0.19:80 masq\n"

PAGE_RUN = Run(
    name="pages",
    directives="""\
checktimeout=1
negotiatetimeout=1
checkinterval=1
quiescent=yes
failurecount=1
""",
    steps=(start, trouble, recover, fail, one_back, stop),
    scenarios=(
        Scenario(
            title="quiescent: weight 0, and the fallback when all are out",
            section="virtual=10.9.0.100:3000\n" + BOTH + HTTP,
            states={
                START: "sick 2, sound 3",
                "trouble": "sick 0, sound 3",
                "all are back": "sick 2, sound 3",
                "all fail": "sick 0, sorry 1, sound 0",
                "one is back": "sick 2, sound 0",
                **GONE,
            },
        ),
        Scenario(
            title="not quiescent: out of the table",
            section="virtual=10.9.0.100:3001\n"
            + BOTH.replace("masq 3", "masq 5").replace("masq 2", "masq 4")
            + HTTP
            + "\tquiescent=no\n",
            states={
                START: "sick 4, sound 5",
                "trouble": "sound 5",
                "all are back": "sick 4, sound 5",
                "all fail": "sorry 1",
                "one is back": "sick 4",
                **GONE,
            },
        ),
        sick("a status other than 2xx", 3002, "service=http", 'request="/"'),
        sick("the page of a virtual host", 3003, "service=http", "virtualhost=www.example.com", 'receive="virtual"'),
        sick(
            "HEAD",
            3004,
            "service=http",
            "httpmethod=HEAD",
            real="10.9.0.12:80 masq 11",
            states={
                START: "sick 11",
                "trouble": "sick 0",
                "all are back": "sick 11",
                "all fail": "sick 0",
                "one is back": "sick 11",
                **GONE,
            },
        ),
        Scenario(
            title="two virtuals share a check",
            section="virtual=10.9.0.100:3012\n\treal=10.9.0.12:80 masq 2\n" + HTTP,
            states={
                START: "sick 2",
                "trouble": "sick 0",
                "all are back": "sick 2",
                "all fail": "sick 0",
                "one is back": "sick 2",
                **GONE,
            },
            logs={
                name: Differs(
                    ("soft failures",), (), ("Resetting soft failure count: 10.9.0.12:80 (tcp:10.9.0.100:3012)",)
                )
                for name in ("all are back", "one is back")
            },
        ),
        sick(
            "a request and a pattern of its own",
            3005,
            "service=http",
            'request="nobody asks for this"',
            real='10.9.0.12:80 masq 1 "alive.html","alive"',
        ),
        sick(
            "a request of its own that begins with a slash",
            3006,
            "service=http",
            'request="nobody asks for this"',
            real='10.9.0.12:80 masq 1 "/alive.html","alive"',
            states={
                START: "sick 1",
                "trouble": Differs(("per-real request",), "sick 1", "sick 0"),
                "all are back": "sick 1",
                "all fail": Differs(("per-real request",), "sick 1", "sick 0"),
                "one is back": "sick 1",
                **GONE,
            },
            logs={
                "trouble": Differs(
                    ("per-real request",),
                    (),
                    ("Quiescent real server: 10.9.0.12:80 (10.9.0.100:3006) (Weight set to 0)",),
                ),
                "all are back": Differs(
                    ("per-real request",),
                    (),
                    (
                        "Restored real server: 10.9.0.12:80 (10.9.0.100:3006) (Weight set to 1)",
                        "Resetting soft failure count: 10.9.0.12:80 (tcp:10.9.0.100:3006)",
                    ),
                ),
                "all fail": Differs(
                    ("per-real request",),
                    (),
                    ("Quiescent real server: 10.9.0.12:80 (10.9.0.100:3006) (Weight set to 0)",),
                ),
                "one is back": Differs(
                    ("per-real request",),
                    (),
                    (
                        "Restored real server: 10.9.0.12:80 (10.9.0.100:3006) (Weight set to 1)",
                        "Resetting soft failure count: 10.9.0.12:80 (tcp:10.9.0.100:3006)",
                    ),
                ),
            },
        ),
        sick(
            "checkport",
            3007,
            "checkport=8080",
            *HTTP.strip().split("\n\t"),
            real="10.9.0.12:80 masq 5",
            states={
                START: "sick 5",
                "trouble": "sick 0",
                "all are back": "sick 5",
                "all fail": "sick 0",
                "one is back": "sick 5",
                **GONE,
            },
        ),
        sick(
            "failurecount",
            3008,
            "failurecount=3",
            *HTTP.strip().split("\n\t"),
            real="10.9.0.12:80 masq 6",
            states={
                START: "sick 6",
                "trouble": "sick 0",
                "all are back": "sick 6",
                "all fail": "sick 0",
                "one is back": "sick 6",
                **GONE,
            },
        ),
        Scenario(
            title="a server that says nothing",
            section="virtual=10.9.0.100:3009\n\treal=10.9.0.14:80 masq\n\tchecktimeout=1\n\tnegotiatetimeout=1\n"
            + HTTP,
            states={START: "mute 1", "trouble": "mute 0", "all are back": "mute 1", "all fail": "mute 0", **GONE},
        ),
        Scenario(
            title="combined: after two connects the page counts again",
            section="virtual=10.9.0.100:3010\n\treal=10.9.0.12:80 masq 8\n\treal=10.9.0.13:80 masq 8\n\tchecktype=2\n"
            + HTTP,
            states={
                START: "shut 8, sick 8",
                "trouble": "shut 0, sick 0",
                "all are back": "shut 8, sick 8",
                "all fail": "shut 0, sick 0",
                "one is back": "shut 0, sick 8",
                **GONE,
            },
        ),
        Scenario(
            title="thresholds of a quiesced server",
            section="virtual=10.9.0.100:3011\n\treal=10.9.0.12:80 masq 9 l:5 u:9\n" + HTTP,
            states={
                START: "sick 9 u:9 l:5",
                "trouble": Differs(("thresholds",), "sick 0", "sick 0 u:9 l:5"),
                "all are back": "sick 9 u:9 l:5",
                "all fail": Differs(("thresholds",), "sick 0", "sick 0 u:9 l:5"),
                "one is back": "sick 9 u:9 l:5",
                **GONE,
            },
        ),
    ),
)
