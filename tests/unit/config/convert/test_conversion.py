"""From one syntax to the other and back, without a change of meaning."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, event, given, settings
from jsonschema import Draft202012Validator

from ldirectord_py.config.convert.conversion import WouldDiffer, convert
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.load import parse
from ldirectord_py.config.syntax.json_schema import schema
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.sources import Sources
from tests.unit.config.configurations import _SHAPED, configurations, readable
from tests.unit.config.original import TESTHOST

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpus"
VALIDATOR = Draft202012Validator(schema())


def bare(config: Config) -> Config:
    """Return all that *config* means, without the places where it says so."""
    virtuals = tuple(
        replace(virtual, line=0, reals=tuple(replace(real, line=0) for real in virtual.reals))
        for virtual in config.virtuals
    )
    return replace(config, path="", warnings=(), sources=Sources(), virtuals=virtuals)


def meaning(text: bytes, path: str) -> Config:
    return bare(parse(text, path, TESTHOST))


def round_trip(text: bytes) -> tuple[bytes, bytes]:
    written = convert(text, "x.cf")
    return written, convert(written, "x.yaml")


def test_every_directive_is_made_up():
    for scope in (Scope.GLOBAL, Scope.SECTION):
        for name, row in rows(scope).items():
            assert (
                readable(row) or name in _SHAPED or "deprecated" in row.reader.read.__qualname__ or row.default is None
            )


@given(configurations())
@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_a_configuration_means_the_same_in_both_syntaxes(text):
    raw = text.encode("utf-8", "surrogateescape")
    try:
        before = meaning(raw, "x.cf")
    except ConfigRejected:
        event("has errors")
        assume(False)
        return
    try:
        written, back = round_trip(raw)
    except ConfigRejected:
        event("cannot be said in YAML, which is UTF-8")
        assert "\udcff" in text
        return
    except WouldDiffer:
        event("service is said twice")
        assert text.count("\tservice=") > 1
        return
    event("converted")
    assert meaning(written, "x.yaml") == before
    assert meaning(back, "x.cf") == before
    assert list(VALIDATOR.iter_errors(yaml.safe_load(written))) == []
    again = convert(back, "x.cf")
    if b"without effect" not in written:
        assert convert(again, "x.yaml") == back
        for comment in (b"# a comment", b"# indented", b"#\tanother: one", b"# note", b"# beside"):
            assert written.count(comment) == raw.count(comment) == back.count(comment)


GRAMMAR = CORPUS / "grammar-cases.jsonl"
CASES = [json.loads(line) for line in GRAMMAR.read_text().splitlines()] if GRAMMAR.is_file() else []
FILES = sorted(CORPUS.glob("*.cf"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus of public configurations is not there: {CORPUS}")
def test_the_corpus_means_the_same_in_both_syntaxes():
    converted, refused = 0, []
    texts = {path.name: path.read_bytes() for path in FILES}
    texts |= {case["name"]: case["config"].encode("utf-8", "surrogateescape") for case in CASES}
    for name, text in texts.items():
        try:
            before = meaning(text, "x.cf")
        except ConfigRejected:
            continue
        try:
            written, back = round_trip(text)
        except (ConfigRejected, WouldDiffer) as error:
            refused.append((name, str(error)))
            continue
        assert meaning(written, "x.yaml") == before, name
        assert meaning(back, "x.cf") == before, name
        assert list(VALIDATOR.iter_errors(yaml.safe_load(written))) == [], name
        converted += 1
    assert converted > 200
    assert refused == []


def cf_of(text: str) -> str:
    return convert(text.encode(), "x.yaml").decode()


def yaml_of(text: str) -> str:
    return convert(text.encode("utf-8", "surrogateescape"), "x.cf").decode()


def refusals(text: str, path: str) -> list[str]:
    with pytest.raises((ConfigRejected, WouldDiffer)) as caught:
        convert(text.encode("utf-8", "surrogateescape"), path)
    return str(caught.value).splitlines()


def test_what_is_written_reads_well():
    text = """\
# The site

# every two seconds
checkinterval = 2
quiescent=yes

# the shop
virtual = 192.0.2.1:443 # public
	real = 10.0.0.1->10.0.0.3:443 masq 5 # rack 1
	# spare
	real = 10.0.0.9:443 masq 1 "/alive", "OK" l:50 u:100
	fallback = 127.0.0.1:443
	service = https
	request = "alive"
	receive = "it's [0-9]+: ok"
	checktype = on

virtual6=5
	fallback6=[::1]:80
	real6=[2001:db8::2]:80 gate
# the end
"""
    assert (
        yaml_of(text)
        == """\
# The site

# every two seconds
checkinterval: 2
quiescent: yes

virtuals:
  # the shop
  - virtual: 192.0.2.1:443  # public
    reals:
      - 10.0.0.1->10.0.0.3:443 masq 5  # rack 1
      # spare
      - address: 10.0.0.9
        port: 443
        forwarding: masq
        weight: 1
        request: /alive
        receive: OK
        lower: 50
        upper: 100
    fallback: 127.0.0.1:443 gate
    service: https
    request: /alive
    receive: 'it''s [0-9]+: ok'
    checktype: 'on'

  - mark6: 5
    fallback: '[::1]:80 gate'
    reals:
      - '[2001:db8::2]:80 gate 1'

# the end
"""
    )


def test_defaults_anchors_and_a_single_check_are_spelt_out():
    text = """\
defaults: {scheduler: wlc, service: http}
x-login: &login {login: me, passwd: "a'b"}
virtuals:
  - virtual: 192.0.2.1:80
    <<: *login
    scheduler: rr
    reals: [10.0.0.1 gate]
    checks: [{request: /alive, service: https}]
"""
    assert (
        cf_of(text)
        == """\
virtual = 192.0.2.1:80
	scheduler = rr
	real = 10.0.0.1 gate 1
	request = "/alive"
	service = https
	login = "me"
	passwd = "a'b"
"""
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("    passwd: 'a#b'", 3, "passwd: a # begins a comment in ldirectord.cf, even within quotes"),
        ('    passwd: "a\\tb"', 3, "passwd: ldirectord.cf takes a tab for four blanks"),
        ("    servicename: ' x'", 3, "servicename: ldirectord.cf has no way to write this value"),
        ("    passwd: {env: HOME}", 3, "passwd: a reference can be written in YAML only"),
        ("    passwd: {file: none/of/them}", 3, "passwd: a reference can be written in YAML only"),
        (
            "    reals: [{address: 10.0.0.1, forwarding: gate, request: {env: A}, receive: {file: b}}]",
            3,
            "real: a reference can be written in YAML only",
        ),
        (
            "    checks: [{request: a}, {request: b}]",
            3,
            "checks: several checks, or checks of one real server, can be written in YAML only",
        ),
        (
            "    reals: [{address: 10.0.0.1, forwarding: gate, checks: [{request: a}]}]",
            3,
            "real: several checks, or checks of one real server, can be written in YAML only",
        ),
        (
            "    reals: [{address: 10.0.0.1, forwarding: gate, request: a}]",
            3,
            "real: ldirectord.cf has request and receive of a real server together only",
        ),
        (
            "    reals:\n    - {address: 10.0.0.1, forwarding: gate, request: a, receive: 'b\", \"c'}",
            4,
            "real: ldirectord.cf has no way to write this value",
        ),
    ],
)
def test_what_only_yaml_can_say_is_told_with_its_line(text, line, reason):
    assert refusals(f"virtuals:\n  - virtual: 192.0.2.1:80\n{text}\n", "x.yaml") == [f"x.yaml:{line}: {reason}"]


def test_what_only_a_cf_can_say_is_told_with_its_line():
    assert refusals("virtual=192.0.2.1:80\n\tcomment=\udcff\n", "x.cf") == [
        "x.cf:2: comment: YAML is UTF-8, and the value is not"
    ]
    assert refusals("virtual=192.0.2.1:80\n\tservice=ftp\n\tservice=http\n", "x.cf") == [
        "x.cf:1: tcp:192.0.2.1:80 would not mean the same in the other syntax; nothing is written"
    ]


def test_an_include_stays_one():
    assert yaml_of("include = conf.d/*.cf\ninclude = other.yaml\n") == "include:\n  - conf.d/*.cf\n  - other.yaml\n"
    assert cf_of("include: [a.cf, b.cf]") == 'include = "a.cf"\ninclude = "b.cf"\n'


def test_defaults_that_hold_for_included_files_too_cannot_be_spelt_out():
    (problem,) = refusals("include: conf.d/*.yaml\ndefaults:\n  scheduler: wlc\n", "x.yaml")
    assert problem.startswith("x.yaml:3: defaults: they hold for the files that are included as well")
    assert cf_of("include: conf.d/*.yaml\ndefaults: {}\n") == 'include = "conf.d/*.yaml"\n'


def test_lines_that_say_nothing_become_comments():
    text = "checkinterval=5\ncheckinterval=7\nvirtual=192.0.2.1:80\n\treal=10.0.0.1:80->10.0.0.3:80 gate\n"
    assert (
        yaml_of(text)
        == """\
# without effect: checkinterval=5
checkinterval: 7

virtuals:
  - virtual: 192.0.2.1:80
    # without effect: real=10.0.0.1:80->10.0.0.3:80 gate
"""
    )


def test_a_section_without_directives_is_not_the_last_line():
    assert cf_of("virtuals: [{mark: 5}]") == "virtual = 5\n\n"


def test_names_are_not_looked_up():
    text = "virtual=www.example.invalid:http\n\treal=web1.example.invalid:nosuchport gate 5\n"
    assert cf_of(yaml_of(text)).split() == text.replace("=", " = ").split()


def test_comments_that_are_no_utf8_or_not_printable_are_made_visible():
    assert yaml_of("# \udce4 \x1b\x07\tb\n") == "# \\xe4 \\x1b\\x07\tb\n"
