"""`ldirectord.yaml`: what it may say, and what is said of what it may not."""

import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.config.load import parse
from ldirectord_py.model.checks.check_plan import Always, Repeated, Together
from ldirectord_py.model.config import AlertStatus, Config, Virtual
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Severity
from ldirectord_py.model.service import Forwarding
from tests.unit.config.original import TESTHOST

WEB = "virtuals:\n  - virtual: 192.0.2.1:80\n"


def config_of(text: str) -> Config:
    return parse(text.encode(), "ldirectord.yaml", TESTHOST)


def only_virtual(text: str) -> Virtual:
    (virtual,) = config_of(text).virtuals
    return virtual


def problems(text: str | bytes, severity: Severity = Severity.ERROR) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        parse(text.encode() if isinstance(text, str) else text, "ldirectord.yaml", TESTHOST)
    return [
        str(problem).removeprefix("ldirectord.yaml:")
        for problem in caught.value.problems
        if problem.severity is severity
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n", "\ufeff# with a mark\n", "--- \n...\n"])
def test_nothing_is_a_configuration_too(text):
    assert config_of(text).virtuals == ()


def test_it_means_what_the_same_words_mean_in_a_cf():
    text = """\
checkinterval: 3
quiescent: yes
logfile: local0
fallback: {address: 127.0.0.1, port: 8080, forwarding: masq}
virtuals:
  - virtual: 192.0.2.1:80
    service: http
    request: index.html
    receive: "it's #1"
    fallback: 127.0.0.1:80 masq
    reals:
      - 10.0.0.3:80 masq 5
      - {address: 10.0.0.4, port: 80, forwarding: masq, weight: 5, request: a, receive: b, lower: 1, upper: 2}
      - {range: 10.0.0.5->10.0.0.6, forwarding: gate}
  - mark6: 7
    fallback: '[::1]:80'
    reals: [{address: "2001:db8::5", port: 8080, forwarding: ipip}, "[2001:db8::6]:80 gate 0"]
"""
    written = """\
checkinterval=3
quiescent=yes
logfile="local0"
fallback=127.0.0.1:8080 masq
virtual=192.0.2.1:80
	service=http
	request="index.html"
	receive="it's HASH1"
	fallback=127.0.0.1:80 masq
	real=10.0.0.3:80 masq 5
	real=10.0.0.4:80 masq 5 "a","b" l:1 u:2
	real=10.0.0.5->10.0.0.6 gate

virtual6=7
	fallback6=[::1]:80
	real6=[2001:db8::5]:8080 ipip
	real6=[2001:db8::6]:80 gate 0
"""
    ours, theirs = config_of(text), parse(written.encode(), "x.cf", TESTHOST)
    for virtual, same in zip(ours.virtuals, theirs.virtuals, strict=True):
        assert [real.destination for real in virtual.reals] == [real.destination for real in same.reals]
        assert virtual.keys == same.keys
        assert virtual.fallback == same.fallback
        assert virtual.settings == same.settings
    assert ours.virtuals[0].check_options.receive == "it's #1"
    assert [real.plan for real in ours.virtuals[1].reals] == [real.plan for real in theirs.virtuals[1].reals]
    assert (ours.logfile, ours.checkinterval, ours.virtuals[0].quiescent) == ("local0", 3, True)


@pytest.mark.parametrize(
    ("word", "value"), [("yes", True), ("On", True), ("TRUE", True), ('"no"', False), ("off", False)]
)
def test_switches_have_all_words_of_yaml(word, value):
    assert config_of(f"autoreload: {word}").autoreload is value


@pytest.mark.parametrize("word", ["y", "1", "Yess", "[]", "null", "''"])
def test_other_words_are_no_switch(word):
    assert len(problems(f"autoreload: {word}")) == 1


@pytest.mark.parametrize("word", ["22:22", "010", "0x1f", "1_000", "1e3", "no", "2001-01-01", "=", "0o17", ".inf"])
def test_a_text_keeps_its_letters(word):
    assert only_virtual(f"{WEB}    login: {word}\n").check_options.login == word


def test_on_and_off_are_kinds_of_checks():
    assert only_virtual(f"{WEB}    checktype: on\n    reals: [10.0.0.1 gate]\n").reals[0].plan == Always()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("checkinterval: 0", "1: checkinterval: invalid check interval value: expected a whole number above 0"),
        ("checkinterval: 5 seconds", "1: checkinterval: expected NUMBER above 0, but got '5 seconds'"),
        ("checkinterval: [5]", "1: checkinterval: expected a word or a text, but got a list"),
        ("checkinterval:", "1: checkinterval: expected a value; to leave it out, remove the whole line"),
        ("checkintervall: 5", "1: unknown key 'checkintervall': did you mean checkinterval?"),
        ("service: http", "1: unknown key 'service': it belongs to a virtual, or below defaults"),
        ("virtual: 1.2.3.4:80", "1: unknown key 'virtual': it belongs into the list below virtuals, with a dash"),
        ("- a", "1: the file: expected a mapping: global directives, defaults and virtuals, but got a list"),
        ("hello", "1: the file: expected a mapping: global directives, defaults and virtuals, but got a word"),
        ("virtuals: {}", "1: virtuals: expected a list of virtuals, each with a dash, but got a mapping"),
        ("virtuals: [5]", "1: virtuals: expected a mapping with virtual, virtual6 or mark, but got a word"),
        ("virtuals:\n- service: http", "2: virtuals: expected one of virtual, virtual6, mark, mark6 in each virtual"),
        ("virtuals:\n- mark: 5\n  mark6: 5", "3: virtuals: expected one of virtual, virtual6, mark, mark6 in each"),
        ("virtuals: [{mark: x}]", "1: mark: expected a firewall mark, such as 5, but got 'x'"),
        ("virtuals: [{mark: 0}]", "1: virtual: expected a firewall mark from 1 to 4294967295, but got '0'"),
        (f"{WEB}    logfile: x", "3: unknown key 'logfile': it is a global directive; put it at the top of the file"),
        (f"{WEB}    real: x", "3: unknown key 'real': real servers are a list below reals"),
        (f"{WEB}    serivce: http", "3: unknown key 'serivce': did you mean service?"),
        (f"{WEB}    service: [http]", "3: service: expected a word or a text, but got a list"),
        (f"{WEB}    service: http s", "3: service: expected dns | ftp"),
        (f"{WEB}    reals: 10.0.0.1 gate", "3: reals: expected a list, but got a word"),
        (f"{WEB}    reals: [[a]]", "3: real: expected a line such as 10.0.0.5:80 gate, or a mapping, but got a list"),
        (f"{WEB}    reals:\n    - 10.0.0.1", "4: real 10.0.0.1: add gate, masq or ipip"),
        (f"{WEB}    reals:\n    - 10.0.0.1:80->10.0.0.2:80 gate", "4: real: a range has its port behind its end"),
        (f"{WEB}    reals:\n    - {{address: 10.0.0.1}}", "4: real: expected an address or a range, and forwarding"),
        (
            f"{WEB}    reals: [{{address: '10.0.0.1:80', forwarding: gate}}]",
            "3: address: expected an address or a name",
        ),
        (
            f"{WEB}    reals: [{{address: 10.0.0.1, forwarding: nat}}]",
            '3: forwarding: unknown forwarding method "nat": did you mean masq?',
        ),
        (f"{WEB}    reals: [{{address: a, forwarding: gate, port: '80 '}}]", "3: port: expected a number, or a name"),
        (
            f"{WEB}    reals: [{{address: a, forwarding: gate, wait: 3}}]",
            "3: unknown key 'wait': expected address, range",
        ),
        (f"{WEB}    reals: [{{address: a, forwarding: gate, weight: -3}}]", "3: weight: expected NUMBER, but got '-3'"),
        (f"{WEB}    reals: [{{range: a, forwarding: gate}}]", "3: range: expected ADDRESS->ADDRESS"),
        (f"{WEB}    fallback: {{port: 80}}", "3: fallback: expected an address"),
        (f"{WEB}    fallback6: '[::1]:80'", "3: fallback6: this is an IPv4 virtual; write fallback"),
        (f"{WEB}    checks: []", "3: checks: expected at least one check"),
        (f"{WEB}    checks: [{{reals: []}}]", "3: unknown key 'reals'"),
        (f"{WEB}    checks: [{{scheduler: rr}}]", "3: unknown key 'scheduler': it is for all checks of a virtual"),
        (f"{WEB}    virtualhost: 'a\"b'", "3: virtualhost: expected HOST or"),
        (f'{WEB}    request: "a\\nb"', "3: request: expected one line of text, but got several"),
        (f"{WEB}    scheduler: rr\n    scheduler: wlc", "4: scheduler: this key is there already, from line 3"),
        ("defaults: {netmask: x}", ""),
        ("defaults: {checktype: never}", '1: unknown checktype "never"'),
        ("defaults: {reals: []}", "1: unknown key 'reals': real servers are a list below reals, in a virtual"),
        (f"{WEB}    service:http\n    scheduler: rr", '3: "service:http" needs a blank after the colon'),
        (f"{WEB}    scheduler: rr\n    service:http\n", '4: "service:http" needs a blank after the colon'),
        (f"{WEB}    passwd:geheim\n    scheduler: rr", '3: "passwd:***" needs a blank after the colon'),
        ("virtuals:\n  - virtual:192.0.2.1\n", '2: "virtual:192.0.2.1" needs a blank after the colon'),
        ("checkinterval:5", '1: "checkinterval:5" needs a blank after the colon'),
        (f"checkinterval:5\n{WEB}", '1: "checkinterval:5" needs a blank after the colon'),
        (f"checkinterval:5\n\nquiescent:yes\n{WEB}", '1: "checkinterval:5" needs a blank after the colon'),
        (f"quiescent: yes\ncheckinterval:5\n{WEB}", '2: "checkinterval:5" needs a blank after the colon'),
        (
            "virtuals:\n  - virtual:192.0.2.1:80\n    reals: [192.0.2.3:80 masq]",
            '2: "virtual:192.0.2.1:80" needs a blank after the colon',
        ),
        ("virtuals:\n- mark: 1\n  timeout: 3", "3: timeout is gone: write checktimeout or negotiatetimeout"),
        ("? [a]\n: b", "1: expected a word in front of the colon, but got a list"),
        ("emailalert: [a, [b]]", "1: emailalert: expected a word or a text, but got a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, expected):
    if not expected:
        config_of(text)
        return
    found = problems(text)
    assert any(problem.startswith(expected) for problem in found), found


def test_all_problems_are_told_at_once():
    assert [int(problem.partition(":")[0]) for problem in problems(f"fork: x\n{WEB}    ops: x\n    reals: [x]\n")] == [
        1,
        4,
        5,
    ]


def test_lists_of_words_are_joined():
    config = config_of(
        "emailalertstatus: [starting, stopping]\nexecute: [a, b]\n" + WEB + "    emailalert: [a@b, c@d]\n"
    )
    assert config.virtuals[0].alerting.recipients == "a@b, c@d"
    assert config.virtuals[0].alerting.status == AlertStatus.STARTING | AlertStatus.STOPPING
    assert config.execute == ("a", "b")


def test_defaults_are_for_every_virtual_that_says_nothing_else():
    text = """\
virtuals:
  - {virtual: "192.0.2.1:80", scheduler: rr}
  - {virtual6: "[2001:db8::1]:80", request: other}
defaults:
  scheduler: wlc
  request: alive
  fallback: 127.0.0.1:80
  fallback6: '[::1]:80'
  checktimeout: 3
checktimeout: 9
"""
    first, second = config_of(text).virtuals
    assert [virtual.settings.scheduler for virtual in (first, second)] == ["rr", "wlc"]
    assert [virtual.check_options.request for virtual in (first, second)] == ["/alive", "/other"]
    assert [str(virtual.fallback.endpoint) for virtual in (first, second)] == ["127.0.0.1:80", "[::1]:80"]
    assert first.check_options.negotiatetimeout == 3


def test_what_is_wrong_in_defaults_is_told_once():
    text = "defaults:\n  netmask: 1\nvirtuals: [{mark: 1}, {mark: 2}, {mark: 3}]\n"
    assert problems(text) == ["2: netmask: invalid netmask: dotted quad notation is required, but got '1'"]


def test_anchors_aliases_and_merge_keys():
    text = """\
x-http: &http {service: http, request: a, scheduler: rr}
x-more: &more {scheduler: wlc, receive: OK}
virtuals:
  - virtual: 192.0.2.1:80
    <<: [*http, *more]
    request: b
    reals: &reals [10.0.0.1 gate]
  - {virtual: "192.0.2.2:80", <<: *more, reals: *reals}
"""
    first, second = config_of(text).virtuals
    assert (first.check_options.request, first.check_options.receive, first.settings.scheduler) == ("/b", "OK", "rr")
    assert [real.endpoint for real in first.reals] == [real.endpoint for real in second.reals]
    assert [(real.line) for real in second.reals] == [7]


def test_a_problem_in_an_anchor_is_told_where_it_stands():
    assert problems("x-a: &a {ops: 7}\nvirtuals:\n- {mark: 5, <<: *a}\n- {mark: 6, <<: *a}\n") == [
        "1: ops: must be yes or no, but got '7'"
    ]


# Several checks


def test_a_server_has_to_pass_all_checks():
    text = f"""{WEB}    checktimeout: 2
    receive: everywhere
    checks:
      - request: a
      - {{service: https, checkport: 443, receive: there, negotiatetimeout: 4}}
      - checktype: connect
    reals:
      - 10.0.0.1:80 gate
      - {{address: 10.0.0.2, port: 81, forwarding: gate, checks: [{{checktype: ping}}]}}
      - {{address: 10.0.0.3, forwarding: gate, request: x, checks: [{{receive: one}}]}}
"""
    virtual = only_virtual(text)
    plan = virtual.reals[0].plan
    assert isinstance(plan, Together)
    assert [str(probe.target.endpoint) for probe in plan.probes] == ["10.0.0.1:80", "10.0.0.1:443", "10.0.0.1:80"]
    assert [probe.timeout for probe in plan.probes] == [2, 4, 2]
    assert plan.interval == 10
    assert [options.receive for options in virtual.checks] == ["everywhere", "there", "everywhere"]
    assert virtual.check_options == virtual.checks[0]
    assert isinstance(virtual.reals[1].plan, Repeated)
    assert isinstance(virtual.reals[2].plan, Repeated)


def test_one_check_in_a_list_is_that_check():
    one = only_virtual(f"{WEB}    checks: [{{checktype: 3, request: a}}]\n    reals: [10.0.0.1 gate]\n")
    other = only_virtual(f"{WEB}    checktype: 3\n    request: a\n    reals: [10.0.0.1 gate]\n")
    assert (one.check_options, one.reals[0].plan, one.checks) == (other.check_options, other.reals[0].plan, ())


def test_what_is_always_passed_is_not_asked():
    text = f"{WEB}    reals: [10.0.0.1 gate]\n    checks: [{{checktype: on}}, {{request: a}}, {{service: none}}]\n"
    assert isinstance(only_virtual(text).reals[0].plan, Repeated)
    assert only_virtual(text.replace("{request: a}", "{service: none}")).reals[0].plan == Always()


@pytest.mark.parametrize(
    ("checks", "real", "expected"),
    [
        (
            "[{checktype: off}, {request: a}]",
            "10.0.0.1 gate",
            "4: checks: checktype off, or a number, cannot be",
        ),
        ("[{request: a}, {checktype: 3}]", "10.0.0.1 gate", "4: checks: checktype off, or a number, cannot be"),
        ("[{request: a}, {receive: '['}]", "10.0.0.1 gate", "4: receive: "),
        (
            "[{request: a}, {request: b}]",
            '10.0.0.1 gate 1 "a","b"',
            "3: checks: a real server that is checked several times has its request and receive in checks of its own",
        ),
        (
            "[{request: a}]",
            "{address: 10.0.0.1, forwarding: gate, checks: [{receive: '['}]}",
            "3: receive: ",
        ),
    ],
)
def test_checks_that_cannot_be_are_refused(checks, real, expected):
    (problem,) = problems(f"{WEB}    reals: [{real if real[0] == '{' else repr(real)}]\n    checks: {checks}\n")
    assert problem.startswith(expected)


# Hostile files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: " + "[" * 100_000, "1: lists and mappings are nested deeper than 16 levels"),
        ("a: " + "{a: " * 100_000, "1: lists and mappings are nested deeper than 16 levels"),
        ("- " * 100_000, "1: lists and mappings are nested deeper than 16 levels"),
        ("fork: !!python/object/apply:os.system [id]", "1: a tag is not taken: write the value without it"),
        ("fork: !secret yes", "1: a tag is not taken: write the value without it"),
        ("!!omap {}", "1: a tag is not taken: write the value without it"),
        ("comment: " + "x" * 100_000, "1: a value is longer than 65536 characters"),
        ("\tfork: yes", "1: a tab stands in front of this line; YAML is indented by blanks, not by tabs"),
        ("fork: yes\nvirtuals:\n\t- mark: 5\n", "3: a tab stands in front of this line; "),
        ("fork: 'yes", "1: this is not YAML: "),
        ("fork: yes: no", "1: this is not YAML: mapping values are not allowed in this context; a value with a"),
        ("fork: yes\n---\nfork: no\n", "2: expected one document, but another one begins here"),
        ("fork: *there", "1: an alias stands for nothing: there is no such anchor above"),
        ("x-a: &a [*a]", "1: an alias stands within what it stands for"),
        ("x-a: {<<: 5}", "1: <<: expected a mapping or a list of them, but got a word"),
        ("fork: yes\nlogfile: a\x01b\n", "2: YAML takes no control characters as they are, but here is '\\x01'"),
        (b"fork: yes\nlogfile: \xff\n", "2: YAML is written in UTF-8, but here is the byte 0xff"),
        (b"fork: yes\nlogfile: a\0b\n", "2: this is no text file: it holds a NUL byte"),
        ("fork: yes".encode("utf-16"), "1: this is no text file: it holds a NUL byte"),
        (f"{WEB.replace('192.0.2.1', '[2001:db8::1]')}", "2: this is not YAML: did not find expected key"),
        ('logfile: "a\\0b"', "1: logfile: expected one line of text, but got several"),
    ],
    ids=lambda text: repr(text[:24]),
)
def test_hostile_files_get_a_clear_sentence(text, expected):
    assert [problem for problem in problems(text) if problem.startswith(expected)]


def test_an_address_in_brackets_is_told_to_need_quotes():
    assert (
        'an IPv6 address in brackets needs quotes, as in "[2001:db8::1]:80"'
        in problems("virtuals:\n  - virtual6: [2001:db8::1]:80\n")[0]
    )


DEEPER = "indented deeper than line {}, which has its value already; "
NOWHERE = "indented by {}, like no line above that it could go with: those have 0, 2{}"
NO_ITEM = "a list item, indented like line {}, which is none; indent it like the other items of its list, or write"
NEITHER = "neither a directive, since it has no colon, nor a list item, since it has no dash"
REALS = f"{WEB}    reals:\n      - '192.0.2.2:80 gate'\n"
MAPPED = f"{WEB}    reals:\n      - address: 192.0.2.2\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{WEB}      scheduler: rr\n", f"3: {DEEPER.format(2)}indent it by 4 blanks"),
        (f"{WEB}    scheduler: rr\n      service: http\n", f"4: {DEEPER.format(3)}indent it by 4 blanks"),
        (f"{WEB}    scheduler: rr\n\n    # more\n     service: http\n", f"6: {DEEPER.format(3)}indent it by 4 blanks"),
        (f"{WEB}    request: 'a'\n      'service': http\n", f"4: {DEEPER.format(3)}indent it by 4 blanks"),
        (f"{WEB}    request: a # b\n      service: http\n", f"4: {DEEPER.format(3)}indent it by 4 blanks"),
        (f"{WEB}    reals: [192.0.2.2:80 gate]\n      service: http\n", f"4: {DEEPER.format(3)}indent it by 4 blanks"),
        (
            f"{WEB}    scheduler: rr\n      - virtual: 192.0.2.2:80\n",
            f"4: {DEEPER.format(3)}indent it by 2 blanks, like line 2",
        ),
        (f"{MAPPED}          port: 80\n", f"5: {DEEPER.format(4)}indent it by 8 blanks"),
        (f"{REALS}        - 192.0.2.3:80 gate\n", f"5: {DEEPER.format(4)}indent it by 6 blanks"),
        ("fork: no\n  autoreload: yes\n", f"2: {DEEPER.format(1)}begin it in the first column"),
        (f"fork: no\n   - mark: 1\n{WEB}", f"2: {DEEPER.format(1)}indent both alike"),
        (
            f"{REALS.replace(chr(39), '')}        - 192.0.2.3:80 gate\n",
            "5: indented deeper than line 4, so it goes on with it;",
        ),
        (f"{WEB}    scheduler: rr\n   service: http\n", f"4: {NOWHERE.format('3 blanks', ' or 4')}"),
        (f"{WEB}    scheduler: rr\n   - virtual: 192.0.2.2:80\n", f"4: {NOWHERE.format('3 blanks', ' or 4')}"),
        (f"{WEB}    scheduler: rr\n - virtual: 192.0.2.2:80\n", f"4: {NOWHERE.format('1 blank', ' or 4')}"),
        (f"{REALS}     - 192.0.2.3:80 gate\n", f"5: {NOWHERE.format('5 blanks', ', 4 or 6')}"),
        (f"{MAPPED}       port: 80\n", f"5: {NOWHERE.format('7 blanks', ', 4, 6 or 8')}"),
        (f"{WEB}    request: |\n      a: b\n     service: http\n", f"5: {NOWHERE.format('5 blanks', ' or 4')}"),
        (
            f"{WEB}    scheduler: rr\n  service: http\n",
            "4: indented like the list item of line 2, but without a dash; indent it by 4 blanks if it belongs",
        ),
        (
            f"{MAPPED}      port: 80\n",
            "5: indented like the list item of line 4, but without a dash; indent it by 8 blanks",
        ),
        ("- fork: no\nautoreload: yes\n", "2: indented like the list item of line 1, but without a dash"),
        (f"{WEB}    scheduler: rr\n    - virtual: 192.0.2.2:80\n", f"4: {NO_ITEM.format(3)}"),
        (f"{WEB}    scheduler: rr\n- virtual: 192.0.2.2:80\n", f"4: {NO_ITEM.format(1)}"),
        (f"  fork: no\n{WEB}", "2: indented less than line 1, the first one; begin both in the first column"),
        (f"{WEB}    receive:\n  OK\n", f"4: {NEITHER}; if it goes on with line 3, indent it deeper than that"),
        (f"{WEB}    receive:\nOK\nfork: no\n", f"4: {NEITHER}; if it goes on with line 3, indent it deeper than that"),
        (f"{WEB}    receive: |\n     a\n    b\n    ops: no\n", f"5: {NEITHER}; if it goes on with line 3, indent"),
        ("fork no\nautoreload: yes\n", f"1: {NEITHER}"),
        (f"{WEB}    request: |\n\n        \n      a\n", "6: not indented like the lines that it belongs to"),
        (f"{WEB}  \tscheduler: rr\n", "3: a tab stands in front of this line; YAML is indented by blanks, not by tabs"),
        (f"{WEB}    request: |\n\ta\n", "4: a tab stands in front of this line; YAML is indented by blanks"),
    ],
)
def test_a_wrong_margin_is_told_with_its_line_and_what_it_should_be(text: str, expected: str):
    told = problems(text)
    assert any(problem.startswith(expected) for problem in told), told


SOUND = f"""\
checkinterval: 5
{WEB}    # the others
    service: "http"
    request: >-
      alive.html
    reals:
      - 192.0.2.2:80 gate
      - address: 192.0.2.3
        forwarding: 'gate'
    checks:
    - request: a
      receive: b
  - virtual: 192.0.2.2:80
    reals: [192.0.2.2:80 gate]
quiescent: yes
"""


@pytest.mark.parametrize(
    "line", ["- " * 50_000, "a" + " " * 50_000 + "b", " " * 50_000 + "#"], ids=["dashes", "blanks", "margin"]
)
def test_a_hostile_line_above_a_wrong_margin_takes_no_long_search(line: str):
    text = f"{WEB}    comment: '\n{line}\n'\n   ops: no\n"
    begun = time.process_time()
    assert problems(text)
    assert time.process_time() - begun < 1, "squared it would be a minute"


def refusal(text: str) -> str:
    try:
        config_of(text)
    except ConfigRejected as rejected:
        return str(rejected)
    return ""


@pytest.mark.parametrize("by", [-6, -4, -3, -2, -1, 1, 2, 3, 4, 6, "\t"])
def test_no_line_that_is_indented_otherwise_is_told_in_the_library_s_words(by: int | str):
    lines = SOUND.splitlines()
    for number, line in enumerate(lines):
        margin = len(line) - len(line.lstrip())
        blanks = by if isinstance(by, str) else " " * max(0, margin + by)
        moved = [*lines[:number], f"{blanks}{line.lstrip()}", *lines[number + 1 :]]
        assert "this is not YAML" not in refusal("\n".join(moved)), moved
    assert len(config_of(SOUND).virtuals) == 2


def test_a_fault_within_a_line_is_not_put_down_to_its_margin():
    (told,) = problems(f'{WEB}    request: "a" b\n    scheduler: rr\n')
    assert told.startswith("3: this is not YAML: ")
    assert "indented" not in told


NO_BREAK = "here is a no-break space (U+00A0), which looks like a blank and is none; write a blank in its place"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{WEB}    reals: [192.0.2.2:80\u00a0masq]\n", True),
        (f'{WEB}    reals: ["192.0.2.2:80\u00a0masq"]\n', True),
        (f"{WEB}\u00a0   service: http\n", True),
        (f"{WEB}    receive: \"a\u00a0b\" # \u00a0\n    request: 'a\u00a0b'\n    service: http\n", False),
    ],
    ids=["plain", "in quotes", "in the margin", "in texts and comments"],
)
def test_characters_that_nobody_sees_are_named(text: str, told: bool):
    try:
        found = parse(text.encode(), "web.yaml", TESTHOST).warnings
    except ConfigRejected as rejected:
        found = rejected.problems
    lines = [line for line in map(str, found) if "U+00A0" in line]
    assert lines == [f"web.yaml:3: warning: {NO_BREAK}"] * told


def test_a_billion_laughs_are_refused_at_once():
    laughs = ["x-0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    laughs += [f"x-{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert problems("\n".join(laughs)) == ["6: this and what its aliases stand for are more than 1000000 values"]


def test_merges_are_bounded_too():
    laughs = ["x-0: &l0 {a: ha, b: ha, c: ha}"]
    laughs += [f"x-{n}: &l{n} {{{', '.join(f'{key}: *l{n - 1}' for key in 'abcdefghij')}}}" for n in range(1, 12)]
    assert len(problems("\n".join(laughs))) == 1


def test_line_ends_of_other_systems_are_read():
    config = parse(f"fork: yes\n{WEB}    comment: a b\n".replace("\n", "\r\n").encode(), "x.yaml", TESTHOST)
    assert (config.fork, config.virtuals[0].comment) == (True, "a b")


def test_secrets_are_not_shown():
    text = f"{WEB}    passwd: [hush]\n    secret: {{hush: x}}\n    login: ''\n"
    assert not any("hush" in problem for problem in problems(text) if "login" in problem or "passwd" in problem)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_no_file_brings_it_down(text):
    try:
        parse(text, "x.yaml", TESTHOST)
    except ConfigRejected as error:
        rejected = error
    else:
        return
    assert rejected.problems


LINES = st.sampled_from(
    [
        *(
            "virtuals:",
            "  - virtual: 192.0.2.1:80",
            "  - mark: 5",
            "    reals:",
            "      - 10.0.0.1:80 gate",
            "defaults:",
        ),
        *("    service: http", "    <<: *a", "x-a: &a", "  request: x", "    checks: [{request: a}, *a]", "fork: yes"),
        *("        port: 80", "      - address: 10.0.0.1", "        forwarding: gate", "    fallback: {address: ::1}"),
        *("    login: {env: NOTHING_THERE}", "- x", "  ? y", "|", "'", "!!x", "# c", ""),
    ]
)


@given(st.lists(LINES, max_size=14).map("\n".join))
def test_no_mixture_of_good_lines_brings_it_down(text):
    try:
        config_of(text)
    except ConfigRejected as error:
        rejected = error
    else:
        return
    assert all(problem.line <= text.count("\n") + 2 for problem in rejected.problems)


def test_a_large_file_is_read_in_seconds():
    reals = "".join(
        f"      - {{address: 10.{n >> 8}.{n & 255}.1, port: 80, forwarding: masq}}\n" for n in range(10_000)
    )
    assert len(only_virtual(f"{WEB}    reals:\n{reals}").reals) == 10_000


def test_yaml_is_imported_only_where_it_is_read():
    script = "import sys, ldirectord_py.model.config, ldirectord_py.engine.plan; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, env=os.environ).returncode == 0


def test_forwarding_of_a_mapping():
    virtual = only_virtual(f"{WEB}    reals: [{{address: 10.0.0.1, forwarding: ipip}}]\n")
    assert virtual.reals[0].destination.forwarding is Forwarding.IPIP


PAGE = Path(__file__).resolve().parents[4] / "docs" / "yaml.md"


@pytest.mark.parametrize("block", re.findall("```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL))
def test_the_examples_of_the_page_are_fine(block, tmp_path):
    (tmp_path / "database").write_text("ldirectord")
    (tmp_path / "imap.secret").write_text("hush")
    block = block.replace("/etc/ha.d/", f"{tmp_path}/")
    text = f"virtuals:\n{block}" if block.startswith("  -") else f"{WEB}{block}" if block[0] == " " else block
    variables = {"RADIUS_SECRET": "hush", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    config = parse(text.encode(), f"{tmp_path}/x.yaml", replace(TESTHOST, variable=variables.get))
    assert len(config.virtuals) == 1
    assert not config.warnings


@pytest.mark.parametrize(
    "value", ["!geheim x", "!!geheim x", "*geheim", "{geheim: x}", "[geheim]", "geheim: x", "@geheim"]
)
def test_a_secret_that_is_written_wrongly_is_not_shown(value):
    assert "geheim" not in str(problems(f"{WEB}    passwd: {value}\n"))


def test_secrets_of_several_checks_are_known_to_whoever_writes_a_log(monkeypatch):
    monkeypatch.setenv("TOKEN", "zqtoken")
    text = (
        "virtuals:\n  - virtual: 192.0.2.1:80\n    checks:\n"
        "      - {service: http, httpheader: 'Authorization: zqheader', request: 'http://zquser:zqpass@x/'}\n"
        "      - {service: imap, login: zqlogin, passwd: zqword}\n"
        "    reals:\n      - address: 10.0.0.1\n        forwarding: gate\n"
        "        checks: [{service: ftp, login: zqown, passwd: zqreal}]\n"
        "  - virtual: 192.0.2.2:80\n"
        "    reals: [{address: 10.0.0.1, forwarding: gate, request: {env: TOKEN}, receive: x}]\n"
    )
    words = {"zqheader", "zquser", "zqpass", "zqlogin", "zqword", "zqown", "zqreal"}
    secrets = config_of(text).secrets
    assert words <= secrets
    assert any("zqtoken" in secret for secret in secrets)


def test_a_value_from_elsewhere_is_not_shown_in_what_a_check_asks(monkeypatch):
    monkeypatch.setenv("TOKEN", "zqtoken")
    text = (
        "virtuals:\n  - virtual: 192.0.2.1:80\n    service: http\n    request: {env: TOKEN}\n"
        "    reals: [{address: 10.0.0.1, forwarding: gate}]\n"
        "  - virtual: 192.0.2.2:80\n    virtualhost: {env: TOKEN}\n"
        "    reals: [{address: 10.0.0.1, forwarding: gate, request: {env: TOKEN}, receive: x}]\n"
        "  - virtual: 192.0.2.3:80\n    request: open\n    checks: [{service: http, request: {env: TOKEN}}]\n"
        "    reals: [{address: 10.0.0.1, forwarding: gate}]\n"
        "  - virtual: 192.0.2.4:80\n    request: {env: TOKEN}\n    checks: [{service: http, request: open}]\n"
        "    reals: [{address: 10.0.0.1, forwarding: gate}]\n"
    )
    asked = [real.plan.probe.asked for virtual in config_of(text).virtuals for real in virtual.reals]
    assert asked == [
        "GET http://10.0.0.1:80/***",
        "GET http://10.0.0.1:80/*** (Host: ***)",
        "GET http://10.0.0.1:80/***",
        "GET http://10.0.0.1:80/open",
    ]
