"""The JSON Schema: of use to editors, and in step with what is read."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ldirectord_py.config.load import parse
from ldirectord_py.config.syntax.json_schema import schema
from ldirectord_py.model.errors import ConfigRejected
from tests.unit.config.original import TESTHOST

SHIPPED = resources.files("ldirectord_py.config") / "ldirectord.schema.json"
VALIDATOR = Draft202012Validator(schema())
ETC = Path(__file__).resolve().parents[4] / "etc"


class CoreLoader(yaml.SafeLoader):
    """Takes words for numbers and switches as YAML 1.2 has it, by which editors go; PyYAML's own loader has 1.1."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # as the class above has it


for tag, pattern, first in (
    ("null", "~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", "true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", "[-+]?[0-9]+", [*"-+0123456789"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def complaints(text: str) -> list[str]:
    """Return what editors would underline, be they of YAML 1.1 or 1.2."""
    found = []
    for loader in (yaml.SafeLoader, CoreLoader):
        found += [error.message for error in VALIDATOR.iter_errors(yaml.load(text, Loader=loader))]
    return found


def test_it_is_a_schema():
    Draft202012Validator.check_schema(schema())


def test_the_shipped_one_is_up_to_date():
    assert json.loads(SHIPPED.read_text("utf-8")) == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("path", sorted(ETC.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_valid(path):
    assert complaints(path.read_text()) == []


GOOD = [
    *("", "fork: yes", "fork: 'no'", "fork: true", "checkinterval: 5", "checkinterval: '5'", "logfile: 5"),
    *("metricslisten: 9100", "metricslisten: '[::1]:9100'", "reconcileinterval: 2.5", "execute: [a, b]", "execute: a"),
    *("emailalert: [a@b, c@d]", "emailalertstatus: starting, stopping", "x-any: {thing: [1]}", "include: [a, b]"),
    *("virtuals: [{mark: 5}, {mark6: '5'}, {virtual: 5}, {virtual: '192.0.2.1:80'}]", "defaults: {ops: no}"),
    "virtuals: [{mark: 5, checktype: on, reals: [10.0.0.1 gate, {address: a, forwarding: ipip, weight: 0}]}]",
    "virtuals: [{mark: 5, passwd: {env: A}, login: {file: b}, secret: {credential: c}, request: 12}]",
    "virtuals: [{mark: 5, checks: [{checktype: 3}, {passwd: {env: A}}], fallback: {address: a, port: http}}]",
]
BAD = [
    *("fork: maybe", "fork: 1", "checkinterval: 0", "checkinterval: x", "nonsense: 1", "[]", "timeout: 5"),
    *("virtuals: {}", "virtuals: [{}]", "virtuals: [{mark: 5, mark6: 5}]", "virtuals: [{mark: 0}]", "service: http"),
    *("virtuals: [{mark: 5, real: a}]", "virtuals: [{mark: 5, service: telnet}]", "virtuals: [{mark: 5, passwd: []}]"),
    "virtuals: [{mark: 5, passwd: {vault: a}}]",
    "virtuals: [{mark: 5, reals: [{address: a}]}]",
    "virtuals: [{mark: 5, reals: [{address: a, range: b, forwarding: gate}]}]",
    "virtuals: [{mark: 5, reals: [{address: a, forwarding: nat}]}]",
    "virtuals: [{mark: 5, checks: [{scheduler: rr}]}]",
    "virtuals: [{mark: 5, checks: []}]",
    "virtuals: [{mark: 5, netmask: [1]}]",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_not_underlined(text):
    assert complaints(text) == []


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_underlined_and_refused(text):
    assert complaints(text)
    with pytest.raises(ConfigRejected):
        parse(text.encode(), "x.yaml", TESTHOST)


WORDS = st.sampled_from(
    ["yes", "no", "5", "0", "-1", "2.5", "x", "http", "rr", "wlc", "tcp", "on", "all", "GET", "~", "''"]
)
KEYS = st.sampled_from(
    ["fork", "service", "checkinterval", "scheduler", "protocol", "checktype", "httpmethod", "ops", "netmask", "port"]
)


@given(st.dictionaries(KEYS, WORDS, max_size=4), st.dictionaries(KEYS, WORDS, max_size=2))
def test_what_is_read_is_never_underlined_by_an_editor(section, top):
    inner = ", ".join(f"{key}: {value}" for key, value in section.items())
    text = "".join(f"{key}: {value}\n" for key, value in top.items()) + f"virtuals: [{{mark: 5, {inner}}}]\n"
    try:
        parse(text.encode(), "x.yaml", TESTHOST)
    except ConfigRejected:
        return
    assert not list(VALIDATOR.iter_errors(yaml.load(text, Loader=CoreLoader)))
