"""Each default stands in one place, the model; the rows of the directives and the texts take it from there."""

import ast
from dataclasses import replace
from inspect import getsource
from ipaddress import IPv4Address, ip_address

import pytest

from ldirectord_py.cli import texts
from ldirectord_py.config.grammar.directives import (
    api_directives,
    check_directives,
    cluster_directives,
    director_directives,
    notification_directives,
    table_directives,
)
from ldirectord_py.config.load import parse
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol
from ldirectord_py.model.sources import Sources
from ldirectord_py.model.table import Destination, Settings

MODULES = [
    check_directives,
    table_directives,
    notification_directives,
    api_directives,
    director_directives,
    cluster_directives,
]
PLACE_OF_DEFAULT = {"Directive": 3, "switch": 2}


def test_a_configuration_that_says_nothing_is_the_models_defaults() -> None:
    config = parse(b"virtual=10.0.0.1:8080\n\treal=10.0.0.5:8080 gate\n", "a.cf")

    real = Real(
        endpoint=Endpoint(ip_address("10.0.0.5"), 8080),
        destination=Destination(forwarding=Forwarding.GATE, weight=1),
        plan=Always(),
        line=2,
    )
    virtual = Virtual(
        key=AddressKey(Protocol.TCP, Endpoint(ip_address("10.0.0.1"), 8080)),
        settings=Settings(netmask=IPv4Address("255.255.255.255")),
        reals=(real,),
        line=1,
    )
    assert replace(config, sources=Sources()) == Config(path="a.cf", virtuals=(virtual,))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_row_has_a_default_of_its_own(module) -> None:
    calls = [node for node in ast.walk(ast.parse(getsource(module))) if isinstance(node, ast.Call)]
    rows = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in PLACE_OF_DEFAULT]
    assert rows
    for row in rows:
        default = row.args[PLACE_OF_DEFAULT[row.func.id]]
        values = [node.value for node in ast.walk(default) if isinstance(node, ast.Constant)]
        assert values in ([], [None]), ast.unparse(row)


def test_the_texts_say_what_the_model_says() -> None:
    options = CheckOptions()
    assert check_directives.CHECKTIMEOUT.help.endswith(f"or else {options.checktimeout:g}")
    assert check_directives.NEGOTIATETIMEOUT.help.endswith(f"or else {options.negotiatetimeout:g}")
    assert any(Config(path="").logfile in text for text in vars(texts).values() if isinstance(text, str))
