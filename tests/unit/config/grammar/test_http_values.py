"""The values of `httpstatus` and `httpheader`, and what is said of bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.grammar.http_values import HEADER, STATUSES
from ldirectord_py.model.checks.check_options import SUCCESSFUL, Header
from tests.unit.config.readings import SECTION, only_virtual, problems

SHAPE = "expected codes and ranges with commas between them, such as 200-299,401, "


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("200", {200}),
        ("200,401", {200, 401}),
        ("200-299,401", {*range(200, 300), 401}),
        (" 301 - 303 , 100 ", {301, 302, 303, 100}),
        ("100-599", set(range(100, 600))),
        ("200,200-201,201-202", {200, 201, 202}),
        ("0200", {200}),
    ],
)
def test_statuses_are_codes_and_ranges(text: str, statuses: set[int]) -> None:
    assert STATUSES.read(text) == statuses


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", f"{SHAPE}between two commas or at an end, but got ''"),
        ("200,", f"{SHAPE}between two commas or at an end, but got '200,'"),
        ("2xx", f"{SHAPE}at '2xx', but got '2xx'"),
        ("200;401", f"{SHAPE}at '200;401', but got '200;401'"),
        ("-200", f"{SHAPE}at '-200', but got '-200'"),
        ("200-", f"{SHAPE}at '200-', but got '200-'"),
        ("٢٠٠", f"{SHAPE}at '٢٠٠', but got '٢٠٠'"),
        ("99", "expected statuses from 100 to 599, and 99 is none, but got '99'"),
        ("600", "expected statuses from 100 to 599, and 600 is none, but got '600'"),
        ("200-99999999999999", "expected statuses from 100 to 599, and 999999999999 is none, but got"),
        ("299-200", "the range 299-200 ends before it begins; write 200-299, but got '299-200'"),
    ],
)
def test_bad_statuses_are_told_with_their_line(value: str, sentence: str) -> None:
    (problem,) = problems(f"{SECTION}\thttpstatus={value}\n")
    assert problem.startswith(f"ldirectord.cf:3: httpstatus: {sentence}")


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("X-Probe: ldirectord", ("X-Probe", "ldirectord")),
        ("X-Probe:ldirectord", ("X-Probe", "ldirectord")),
        ('"X-Probe: a b "', ("X-Probe", "a b")),
        ('X-Quoted: "a", "b"', ("X-Quoted", '"a", "b"')),
        ("X-Empty:", ("X-Empty", "")),
        ("X-Time: 12:00\t", ("X-Time", "12:00")),
        ("!#$%&'*+.^_`|~-9: x", ("!#$%&'*+.^_`|~-9", "x")),
        ("X: \udcff", ("X", "\udcff")),
    ],
)
def test_a_header_is_a_name_and_a_value(text: str, header: tuple[str, str]) -> None:
    assert HEADER.read(text) == Header(*header)


NAME = (
    "the name of a header is malformed: expected letters, digits and any of !#$%&'*+-.^_`|~ in front of the colon, "
    "without blanks"
)
LENGTHS = "the check itself says how long its request is and that the connection ends with the answer"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "expected NAME: VALUE, such as X-Probe: ldirectord, but there is no colon"),
        ("Authorization Bearer geheim", "expected NAME: VALUE, such as X-Probe: ldirectord, but there is no colon"),
        (": geheim", NAME),
        ("X Probe: geheim", NAME),
        ("X-Probe : geheim", NAME),
        ("(X): geheim", NAME),
        ("Ünicode: geheim", NAME),
        ("Host: geheim", "Host cannot be set here: the check sends its own; set virtualhost instead"),
        ("content-length: 5", f"content-length cannot be set here: {LENGTHS}"),
        ("Transfer-Encoding: chunked", f"Transfer-Encoding cannot be set here: {LENGTHS}"),
        ("Connection: keep-alive", f"Connection cannot be set here: {LENGTHS}"),
        ("Keep-Alive: 5", f"Keep-Alive cannot be set here: {LENGTHS}"),
        ("TE: trailers", f"TE cannot be set here: {LENGTHS}"),
        ("Upgrade: h2c", "Upgrade cannot be set here: the check speaks HTTP/1.1 and nothing else"),
        ("X-Probe: geheim\x01", "the value of X-Probe has a control character in it"),
        ("X-Probe: geheim\r", "the value of X-Probe has a control character in it"),
        ("X-Probe: geheim\x7f", "the value of X-Probe has a control character in it"),
    ],
)
def test_bad_headers_are_told_without_their_value(value: str, sentence: str) -> None:
    assert problems(f"{SECTION}\thttpheader={value}\n") == [f"ldirectord.cf:3: httpheader: {sentence}"]


@pytest.mark.parametrize(
    "text",
    [f"{SECTION}\thttpheader Authorization: Bearer geheim\n", f"{SECTION}\n\thttpheader=Authorization: geheim\n"],
    ids=["without =", "behind an empty line"],
)
def test_nor_is_it_shown_of_a_line_that_is_no_directive(text: str) -> None:
    (problem,) = problems(text)
    assert "'httpheader ***'" in problem
    assert "geheim" not in problem


def test_nor_has_a_header_a_nul() -> None:
    with pytest.raises(Unreadable, match="the value of X has a control character in it"):
        HEADER.read("X: \0")


@given(st.text())
def test_no_text_but_a_line_of_a_request_becomes_a_header(text: str) -> None:
    try:
        name, value = HEADER.read(text)
    except Unreadable:
        return
    assert name
    assert not set(name) & set(" \t\r\n\0:")
    assert not set(value) & set("\r\n\0")


def test_headers_are_kept_in_order_and_statuses_are_2xx_by_default() -> None:
    options = only_virtual(f"{SECTION}\thttpheader=A: 1\n\thttpheader=B: 2\n\thttpheader=A: 3\n").check_options
    assert options.httpheaders == (("A", "1"), ("B", "2"), ("A", "3"))
    assert options.httpstatus == SUCCESSFUL
    assert only_virtual(f"{SECTION}\thttpstatus=401\n").check_options.httpstatus == {401}


def test_their_values_are_in_no_representation() -> None:
    virtual = only_virtual(f"{SECTION}\tservice=http\n\thttpheader=Authorization: Bearer geheim\n")
    assert "geheim" not in repr(virtual)
    assert "geheim" not in repr(virtual.check_options.httpheaders)
    assert "geheim" not in f"{virtual.reals[0].plan}"
