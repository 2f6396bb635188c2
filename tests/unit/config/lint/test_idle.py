"""Directives that are written and do nothing."""

from pathlib import Path

import pytest

from ldirectord_py.config.lint.linting import lint
from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.config.load import locate


def idle(text: str, folder: Path, name: str = "ldirectord.cf") -> list[tuple[int, str]]:
    file = folder / name
    file.write_text(text)
    found = lint(locate(file), Machine())
    return [(problem.line, problem.text.partition(":")[0]) for problem in found if problem.id == "no-effect"]


def sentences(text: str, folder: Path, name: str) -> list[str]:
    file = folder / "ldirectord.cf"
    file.write_text(text)
    return [problem.text for problem in lint(locate(file), Machine()) if problem.id == name]


SERVED = "quiescent=no\nvirtual=10.0.0.1:7000\n\treal=10.0.0.3:7000 masq\n"

IDLE = [
    ("service=smtp", "httpmethod=HEAD"),
    ("checktype=ping", "checkport=80"),
    ("checktype=ping", 'receive="ok"'),
    ("checktype=connect", 'request="x"'),
    ("checktype=connect", 'receive="ok"'),
    ("checktype=on", "checkport=80"),
    ("checktype=external", 'receive="ok"'),
    ("service=simpletcp", "virtualhost=www.example.org"),
    ("service=http", 'login="somebody"'),
    ("service=http", 'passwd="p"'),
    ("service=http", "checkcommand=/bin/true"),
    ("service=http", 'database="d"'),
    ("service=http", 'secret="s"'),
    ("service=imap", 'passwd="p"'),
    ("service=imap", 'request="x"'),
    ("service=dns", "httpstatus=404"),
    ("service=simpletcp", "httpheader=X-Probe: 1"),
    ("service=http", "checkuser=nobody"),
    ("service=sip", 'request="x"'),
]


@pytest.mark.parametrize(("check", "line"), IDLE)
def test_what_does_nothing_is_told_at_its_line(check: str, line: str, tmp_path: Path) -> None:
    text = f"{SERVED}\t{check}\n\t{line}\n"
    assert idle(text, tmp_path) == [(5, line.partition("=")[0])]


HEEDED = [
    *((f"service={service}", 'receive="ready"') for service in ("smtp", "submission", "pop", "pops")),
    *((f"service={service}", 'receive="ready"') for service in ("imap", "imaps", "nntp")),
    ("service=http", 'request="x"'),
    ("service=http", 'receive="ok"'),
    ("service=http", "virtualhost=www.example.org"),
    ("service=http", "httpmethod=GET"),
    ("service=http", "httpstatus=200-299"),
    ("service=http", "httpheader=X-Probe: 1"),
    ("service=https", "virtualhost=www.example.org"),
    ("service=http", "checkport=81"),
    ("service=http", "checksource=10.0.0.1"),
    ("checktype=connect", "checkport=81"),
    ("checktype=ping", "checkcount=3"),
    ("checktype=external", "checkcommand=/bin/true"),
    ("checktype=3", 'receive="ok"\n\tservice=http'),
    ("service=dns", 'request="example.org"'),
    ("service=ftp", 'login="anonymous"'),
    ("service=sip", 'login="me@example.org"'),
    ("service=radius", 'login="l"\n\tpasswd="p"\n\tsecret="s"'),
    ("service=mysql", 'login="l"\n\tpasswd="p"\n\tdatabase="d"\n\trequest="SELECT 1"'),
]


@pytest.mark.parametrize(("check", "line"), HEEDED)
def test_what_counts_is_not_told(check: str, line: str, tmp_path: Path) -> None:
    assert [found for found in idle(f"{SERVED}\t{check}\n\t{line}\n", tmp_path) if found[1] != "checkcount"] == []


def test_a_real_server_whose_own_words_do_nothing_is_told(tmp_path: Path) -> None:
    text = 'quiescent=no\nvirtual=10.0.0.1:5060\n\treal=10.0.0.3:5060 masq 1 "/a", "b"\n\tservice=sip\n'
    assert idle(text, tmp_path) == [(3, "real")]


def test_what_every_real_server_has_of_its_own_counts_for_none(tmp_path: Path) -> None:
    text = 'quiescent=no\nvirtual=10.0.0.1:80\n\treal=10.0.0.3:80 masq 1 "/a", "b"\n\trequest="c"\n'
    assert idle(text, tmp_path) == [(4, "request")]


def test_each_of_several_checks_is_looked_at_and_a_default_counts_where_anybody_heeds_it(tmp_path: Path) -> None:
    text = """\
quiescent: no
defaults: {receive: ok}
virtuals:
  - virtual: 10.0.0.1:80
    reals: [10.0.0.3:80 gate]
    checks:
      - {service: http, httpmethod: GET}
      - service: smtp
        request: x
  - virtual: 10.0.0.1:25
    reals: [10.0.0.3:25 gate]
"""
    assert idle(text, tmp_path, "ldirectord.yaml") == [(9, "request")]


REASONS = [
    ('service=pop\n\tpasswd="p"', "passwd: this has no effect without login"),
    ('service=imap\n\tpasswd="p"', "passwd: this has no effect without login"),
    (
        'service=redis\n\tvirtualhost="w"',
        "virtualhost: this has no effect: checktype=negotiate with service=redis does not use it",
    ),
    ('service=http\n\tlogin="l"', "login: this has no effect: checktype=negotiate with service=http does not use it"),
    (
        'protocol=udp\n\tchecktype=connect\n\trequest="x"',
        "request: this has no effect: checktype=connect over UDP is a ping, which does not use it",
    ),
    ('checktype=3\n\trequest="x"', "request: this has no effect: checktype=3 without a service only connects"),
    ('request="x"', "request: this has no effect: checktype=negotiate without a service asks nothing"),
]


@pytest.mark.parametrize(("lines", "told"), REASONS)
def test_the_reason_is_the_real_one(lines: str, told: str, tmp_path: Path) -> None:
    assert sentences(f"{SERVED}\t{lines}\n", tmp_path, "no-effect") == [told]


LACKING = [
    ('service=mysql\n\tlogin="l"\n\tpasswd="p"', "service mysql needs a statement, such as request='SELECT 1'"),
    ('service=pgsql\n\trequest="SELECT 1"', "service pgsql needs the user to log in as, but there is no login"),
    (
        'service=radius\n\tlogin="l"',
        "service radius needs the secret that the server shares with this director: set secret",
    ),
]


@pytest.mark.parametrize(("lines", "told"), LACKING)
def test_what_a_check_lacks_is_told_and_not_that_the_rest_is_unused(lines: str, told: str, tmp_path: Path) -> None:
    text = f"{SERVED}\t{lines}\n"
    assert sentences(text, tmp_path, "no-effect") == []
    assert sentences(text, tmp_path, "always-down") == [
        f"{told}; until then every real server is down, whatever it does"
    ]


def test_a_server_with_words_of_its_own_is_not_among_those_that_are_always_down(tmp_path: Path) -> None:
    own = '\treal=10.0.0.4:3306 masq 1 "SELECT 1", "1"\n'
    text = f'{SERVED}{own}\tservice=mysql\n\tlogin="l"\n'
    (told,) = sentences(text, tmp_path, "always-down")
    assert told.endswith("a real server without its own is down, whatever it does")
