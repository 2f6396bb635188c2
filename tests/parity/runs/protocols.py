"""Other protocols than HTTP, each with a server that serves, refuses politely, and serves again."""

from tests.parity.support.scenario import START, Run, Scenario
from tests.parity.support.steps import recover, start, stop, trouble


def _service(service: str, port: int, *lines: str, protocol: str = "tcp") -> Scenario:
    """Return a scenario of a service at its own port."""
    section = "\n\t".join(
        (
            f"virtual=10.9.0.100:{port}",
            f"real=10.9.0.16:{port} masq",
            f"service={service}",
            *lines,
            f"protocol={protocol}",
            "",
        )
    )
    there = f"talker:{port} 1"
    return Scenario(
        title=f"service={service}",
        section=section,
        entry=f"-{protocol[0]} 10.9.0.100:{port}",
        states={START: there, "trouble": "", "all are back": there, "stop": None},
    )


PROTOCOL_RUN = Run(
    name="protocols",
    directives="""\
checktimeout=3
negotiatetimeout=3
checkinterval=1
""",
    steps=(start, trouble, recover, stop),
    scenarios=(
        _service("smtp", 25),
        _service("pop", 110, 'login="who"', 'passwd="secret"'),
        _service("imap", 143, 'login="who"', 'passwd="secret"'),
        _service("nntp", 119),
        _service("simpletcp", 7, 'request="hello\\n"', 'receive="you said hello"'),
        _service("sip", 5060, 'login="ldirectord@example.com"'),
        _service("dns", 53, 'request="www.example.com"', 'receive="192\\.0\\.2\\.1$"', protocol="udp"),
        _service("radius", 1812, 'login="who"', 'passwd="secret"', 'secret="known to both"', protocol="udp"),
    ),
)
