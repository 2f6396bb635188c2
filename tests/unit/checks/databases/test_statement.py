from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.building.optional_libraries import library
from ldirectord_py.checks.databases.mysql import Mysql
from ldirectord_py.checks.databases.oracle import Oracle
from ldirectord_py.checks.databases.pgsql import Pgsql
from ldirectord_py.checks.databases.question import Library
from ldirectord_py.checks.databases.statement import Statement
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.outcome import LONGEST_DETAIL, Reason, down
from ldirectord_py.model.checks.probe import FixedOutcome, Probe
from ldirectord_py.model.service import AddressKey, Protocol
from tests.peers.options import planned

REAL = Endpoint(ip_address("10.0.0.5"), 3306)
VIRTUAL = AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 3306))
KINDS: dict[str, type[Statement]] = {"mysql": Mysql, "pgsql": Pgsql, "oracle": Oracle}
COMPLETE = {"login": "alice", "passwd": "rabbit-hole", "database": "hole", "request": "/select 1"}


def build(service: str, own: str | None = None, **words: object) -> Probe:
    options = CheckOptions(service=service, **(COMPLETE | words))
    return planned(options, CheckedServer(virtual=VIRTUAL, endpoint=REAL, request=own))


@pytest.mark.parametrize("service", KINDS)
def test_it_is_built_as_configured(service: str) -> None:
    kind = KINDS[service]
    check = kind(server=REAL, login="alice", passwd="rabbit-hole", database="hole", text="select 1", seconds=30)
    asked = f"{service} statement at {REAL}"
    assert build(service, negotiatetimeout=7.0) == Probe(check=replace(check, seconds=7), timeout=7, asked=asked)
    assert build(service, own="/select 1", request="/x") == Probe(check=check, timeout=30, asked=asked)
    assert hash(build(service)) == hash(build(service))


@pytest.mark.parametrize("service", KINDS)
@pytest.mark.parametrize(
    ("directive", "text", "sentence"),
    [
        ("login", "a\0", "expected text in UTF-8 without NUL characters"),
        ("passwd", "\udcff", "expected text in UTF-8 without NUL characters"),
        ("database", "\udcff", "expected text in UTF-8 without NUL characters"),
        ("request", "/select '\udcff'", "expected text in UTF-8 without NUL characters"),
    ],
)
def test_what_cannot_be_asked_is_refused(service: str, directive: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        build(service, **{directive: text})
    assert (refused.value.directive, str(refused.value)) == (directive, sentence.format(service))


@pytest.mark.parametrize("service", KINDS)
@pytest.mark.parametrize(
    ("directive", "text", "sentence"),
    [
        ("login", "", "service {} needs the user to log in as, but there is no login"),
        ("request", "/", "service {} needs a statement, such as request='SELECT 1'"),
        ("request", "/ ", "service {} needs a statement, such as request='SELECT 1'"),
    ],
)
def test_without_login_or_statement_it_is_always_down(service: str, directive: str, text: str, sentence: str) -> None:
    outcome = down(Reason.STATUS, sentence.format(service))
    assert build(service, **{directive: text}) == Probe(check=FixedOutcome(outcome=outcome), timeout=30)


@pytest.mark.parametrize("service", KINDS)
def test_what_is_secret_does_not_show(service: str) -> None:
    shown = repr(build(service))
    assert "rabbit" not in shown
    assert "alice" not in shown


def test_a_library_that_is_not_installed_is_named() -> None:
    with pytest.raises(InvalidOption) as refused:
        library("no_such_library_here", "mysql")
    assert refused.value.directive == "service"
    assert str(refused.value) == "service mysql needs a driver: pip install 'ldirectord-py[mysql]'"


def test_a_library_that_does_not_load_says_why(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken_library_here.py").write_text("import no_such_library_either\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        InvalidOption, match=r"\(broken_library_here cannot be loaded: No module named 'no_such_library_e"
    ):
        library("broken_library_here", "mysql")


def test_a_server_that_repeats_what_is_secret_is_quoted_without() -> None:
    check = Mysql(server=REAL, login="alice", passwd="rabbit-hölé", text="select 1", seconds=30)._question()
    assert check.refused("ALICE has rabbit-hölé\nand more", 1045) == down(
        Reason.STATUS, "the server said '1045 *** has ***'"
    )
    of_ours = Library(protocol="Y", name="z", modules=("builtins",))
    sentence = "the server does not speak Y as it should"
    assert check.confused(of_ours, ValueError("rabbit-hölé")) == down(Reason.PROTOCOL, f"{sentence}; z: '***'")
    assert check.confused(of_ours, ValueError()).detail == sentence
    assert check.confused(replace(of_ours, modules=()), ValueError("its own affair")).detail == sentence
    assert len(check.refused("\udcff" * 1000).detail) <= LONGEST_DETAIL
