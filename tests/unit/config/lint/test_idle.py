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
