import asyncio
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive

PERL = shutil.which("perl")
PERL_PROGRAM = r"""
binmode STDIN; local $/; my @parts = map { pack "H*", $_ } split /,/, <STDIN>, -1; no warnings;
while (@parts) { my ($p, $s) = splice @parts, 0, 2; my $r = eval { $s =~ /$p/ ? 1 : 0 }; print defined $r ? $r : "E"; }
"""

SUBJECTS = (
    b"I'm alive!\n",
    b"alive\n\n",
    b"",
    b"Status: OK 200\r\n",
    b"a\nb\n",
    b"foofoo(bar)",
    "grün €".encode(),
    b"xxQa.bExx aLUE\x00\xff",
)
PATTERNS = (
    "alive", "ALIVE", "(?i)ALIVE", "^alive", "(?m)^b$", "alive$", r"alive\z", r"alive\Z", "a.b", "(?s)a.b", "a$",
    "b$", "(?x) a l i v e # comment", "[[:alpha:]]+ve", r"\h200", r"\R$", r"foo\Kbar", r"(foo)\1", r"(?<n>foo)\k<n>",
    "fo++o", "fo+o", "(?>fo*)o", r"(\((?:[^()]|(?1))*\))", "(?=.*OK)Status", "(?!.*OK)Status", "(?<=: )OK",
    "(?<!: )OK", r"\d{3}", r"\bOK\b", r"\Qa.b\E", r"\QaX", r"a\LUE", r"\\Q", "gr.n", "gr..n", "ü", r"\xff", r"\x{fc}",
    r"\W$", "^$", "a|b|", "(?|(a)|(b))", "[^\n]{8}", r"\N\n", r"\v", "(?#note)alive", "(?-i)OK", "(?i:ok) 2", "o{2}",
    "o{,2}b", "a{x", r"\o{141}", r"\141live", r"\cJ", r"\e", r"[\w.]+b", "(?(?=a)alive|OK)", "al(*SKIP)(*FAIL)|OK",
    r"\x{61}live", r"[\x{61}]live", r"\N{U+61}live", r"\\x{61}", r"\x{ 061 }l",
    "(*PRUNE)OK", "I'm alive!", " ", "(", "[z", "*x", "a**", r"\1", "x{2,1}", "(?<n", "(*UTF)a",
)  # fmt: skip

DIFFERENT = {"x{2,1}", r"\p{IsAlpha}", r"[\d-z]", r"\j", r"(?u)\w", "[:alpha:]", r"\N{BULLET}"}
"""Perl takes them: for nothing that could match, or with a meaning that PCRE2 does not know."""


def ours(pattern: str, subject: bytes) -> str:
    try:
        receive = Receive.of(pattern)
    except InvalidOption:
        return "E"
    assert receive is not None
    return str(int(receive.matches(subject)))


@pytest.mark.skipif(PERL is None, reason="needs perl")
async def test_patterns_mean_what_they_mean_to_perl() -> None:
    cases = [(pattern, subject) for pattern in PATTERNS for subject in SUBJECTS]
    asked = b",".join(part.hex().encode() for pattern, subject in cases for part in (pattern.encode(), subject))
    perl = await asyncio.create_subprocess_exec(PERL or "", "-e", PERL_PROGRAM, stdin=-1, stdout=-1)
    told, _ = await perl.communicate(asked)
    theirs = dict(zip(cases, told.decode(), strict=True))
    assert {case: ours(*case) for case in cases if case[0] not in DIFFERENT} == {
        case: verdict for case, verdict in theirs.items() if case[0] not in DIFFERENT
    }


@pytest.mark.parametrize("pattern", sorted(DIFFERENT))
def test_the_few_patterns_that_differ_are_refused_at_load(pattern: str) -> None:
    assert ours(pattern, b"") == "E"


def test_an_empty_pattern_checks_nothing() -> None:
    assert Receive.of("") is None


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("a(b", "'a(b' is no regular expression: missing closing parenthesis at byte 3"),
        ("*x", "'*x' is no regular expression: quantifier does not follow a repeatable item at byte 1"),
        ("(*UTF)x", "'(*UTF)x' is no regular expression: (*VERB) not recognized or malformed at byte 5"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_fault_and_place(pattern: str, sentence: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        Receive.of(pattern)
    assert (str(refused.value), refused.value.directive) == (sentence, "receive")


def test_bytes_of_any_encoding_come_through() -> None:
    pattern = Receive.of(b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert pattern is not None
    assert pattern.matches(b"un caf\xe9")
    assert not pattern.matches("un café".encode())
    assert pattern.objection(b"") == r"the body does not match 'caf\xe9': it is empty"


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [("^(a+)+$", b"a" * 50 + b"!"), ("(x+x+)+[yz]", b"x" * 10000), ("(?:a|a)*[bc]", b"a" * 100_000)],
)
def test_a_pattern_that_backtracks_without_end_gives_up(pattern: str, subject: bytes) -> None:
    receive = Receive(pattern.encode())
    with pytest.raises(PatternGaveUp):
        receive.matches(subject)
    assert receive.objection(subject).startswith(f"the pattern '{pattern}' gave up on the body: ")


@pytest.mark.parametrize(
    ("pattern", "subject", "found"),
    [
        (rb"(?s)^(?:(?!ERROR).)*$", b"fine " * 1500, True),
        (rb"(?s)^(?:(?!ERROR).)*$", b"fine " * 1500 + b"ERROR", False),
        (rb"(?s)<b>.*OK", b"<b>" + b"x" * 10000 + b"OK" + b"y" * 20000, True),
        (rb"(?s)<b>.*?[OK]K", b"<p></p>" * 500 + b"<b>" + b"x" * 20000 + b"OK", True),
        (rb"(?s)<b>.*</html>", b"<b>" + b"<p>" * 10000, False),
    ],
)
def test_a_long_page_on_one_line_is_no_reason_to_give_up(pattern: bytes, subject: bytes, found: bool) -> None:
    assert Receive(pattern).matches(subject) is found


@given(st.binary(max_size=40), st.binary(max_size=60))
def test_equal_texts_are_equal_patterns_and_any_text_is_taken_or_refused(text: bytes, subject: bytes) -> None:
    try:
        receive = Receive(text)
    except InvalidOption:
        return
    assert (receive, hash(receive)) == (Receive(text), hash(Receive(text)))
    assert len(receive.objection(subject)) < 600
