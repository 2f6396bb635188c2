"""`receive` patterns: Perl's regular expressions on bytes, within bounds."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, Self

import pcre2

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.redaction import redacted

_LIMIT = 10_000
"""Steps of backtracking that a pattern may take from one place of the subject, compiled; then there is a second try.

Measured with PCRE2 10.47: `^(a+)+$` ends after 0.02 ms; usual patterns take less than 1 ms for 256 KiB.  The limit
counts anew at each place (PCRE2 has no other), so a body made to stay just below it everywhere keeps `(?:a|a)*[bc]`,
the worst found, busy for 0.05 s with 16 KiB and 0.7 s with 256 KiB.  Ten times the limit made that 7 s.
"""

_LOOKED_AT = 1024
"""Bytes of a subject in which secrets are looked for, to show the first few of them."""

_LIMIT_SECOND = 150_000
"""Steps from all places together in the second try: 0.3 ms."""

_LONGEST_SECOND = 32 * 1024
"""Bytes of a subject that is tried a second time.

Each byte that `.*` crosses may take a step, so the first try can end too early for a page on one line.  But loops over
one character are not counted: `a*a*[bc]` takes 0.5 s for 32 KiB, and would take half a minute for 256 KiB.
"""

_LIMIT_SLOW = 30_000
"""As the first limit, for the interpreter: it goes on where compiled code runs out of its 32 KiB of stack.  0.4 ms."""

LONGEST_AT_ONCE = 4096
"""Bytes of a subject that any pattern may be tried on in the loop."""

_GLANCE = 1024
"""Bytes of a subject that may be tried twice."""

_LIMIT_AT_ONCE = 256
"""Steps from one place of such a subject: the worst bodies found for patterns such as `(?:a|a)*[bc]` take 0.7 ms then.

What a loop over one character passes over is not counted: with the worst pattern found, `(?<=a\\w)\\w*[;:]`, 4 KiB take
5 ms, and 16 KiB would take 80.
"""

_LIMIT_STEADY = 16
"""Steps from one place of a subject of any length, for patterns that need few."""

_STEADY = re.compile(
    rb"""(?: [^\\\[\](){}*+?.^$|] | [.^$|)] | \\[^A-Za-z0-9] | \\[dDwWsSbBhHvVnrtAzZ]
        | \[ \^? \]? (?: [^\\\]\[] | \\[^A-Za-z0-9] | \\[dDwWsShHvVnrt] )* \] | \( (?: \?i?: )? | \(\?i\) )*""",
    re.VERBOSE,
)
"""Patterns without repetition and without what looks about or back: they take a few steps at each place."""

_OUT_OF_STACK = -46
"""PCRE2_ERROR_JIT_STACKLIMIT of <pcre2.h>."""

_LITERAL = re.compile(rb"""[A-Za-z0-9 _,;:!"'<>/=&%@~`#-]*""")
"""Patterns that mean themselves, as most do.  (The `#` and the blank only count under /x, which needs a `(`.)"""

_ESCAPE = re.compile(rb"\\(?:(?:x\{[ \t]*|N\{U\+)0*([0-9A-Fa-f]{1,2})[ \t]*\}|([\s\S]))")


class PatternGaveUp(Exception):
    """A pattern took more steps than it may, so nobody knows whether it matches."""


class _Program(Protocol):
    def search(self, subject: bytes) -> object: ...


@dataclass(frozen=True, slots=True)
class Receive:
    """What a server's answer has to contain.  Equal texts are equal patterns."""

    text: bytes
    """As it stands in the configuration."""
    _literal: bytes | None = field(init=False, compare=False, repr=False)
    _program: _Program = field(init=False, compare=False, repr=False)
    _at_once: _Program | None = field(init=False, compare=False, repr=False)
    """For short subjects."""
    _steadily: _Program | None = field(init=False, compare=False, repr=False)
    """For subjects of any length."""

    def __post_init__(self) -> None:
        """Compile the text; raises `InvalidOption`."""
        is_literal, is_steady = _LITERAL.fullmatch(self.text) is not None, _STEADY.fullmatch(self.text) is not None
        object.__setattr__(self, "_literal", self.text if is_literal else None)
        object.__setattr__(self, "_program", _compiled(self.text))
        object.__setattr__(self, "_at_once", None if is_literal else _compiled(self.text, _LIMIT_AT_ONCE))
        object.__setattr__(self, "_steadily", _compiled(self.text, _LIMIT_STEADY) if is_steady else None)

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Return the pattern of a directive; None where it is empty: then any answer will do.

        Raises `InvalidOption` with what is wrong, and where in the pattern.
        """
        return cls(text.encode("utf-8", "surrogateescape")) if text else None

    def seen_in(self, subject: bytes) -> bool:
        """Return whether one glance, of 0.3 ms at most, finds this in *subject*: so it does in most checks."""
        if self._literal is not None:
            return self._literal in subject
        return len(subject) <= _GLANCE and self.matches_at_once(subject) is True

    def matches_at_once(self, subject: bytes) -> bool | None:
        """Return whether *subject* matches, or None where to find out might take more than some 5 ms."""
        if self._literal is not None:
            return self._literal in subject
        program = self._at_once if len(subject) <= LONGEST_AT_ONCE else self._steadily
        try:
            return None if program is None else program.search(subject) is not None
        except pcre2.LibraryError:
            return None

    def matches(self, subject: bytes) -> bool:
        """Return whether *subject* matches somewhere; raises `PatternGaveUp`."""
        if self._literal is not None:
            return self._literal in subject
        try:
            return self._program.search(subject) is not None
        except pcre2.LibraryError as error:
            if error.code != _OUT_OF_STACK and len(subject) > _LONGEST_SECOND:
                raise PatternGaveUp from error
            return self._second_try(subject, slow=error.code == _OUT_OF_STACK)

    def _second_try(self, subject: bytes, *, slow: bool) -> bool:
        try:
            if slow:
                program: _Program = pcre2.compile(_source(self.text, _LIMIT_SLOW), jit=False)
            else:
                # All places in one, so that the limit counts the steps from all of them together.
                program = pcre2.compile(_source(rb"\A(?s:.*?)(?:%b)" % self.text, _LIMIT_SECOND))
            return program.search(subject) is not None
        except pcre2.LibraryError as error:
            raise PatternGaveUp from error

    def objection(self, subject: bytes, *, what: str = "the body", redact: tuple[bytes, ...] = ()) -> str:
        """Return why *subject* will not do, as a sentence without the secrets *redact*; nothing where it does.

        A pattern that gives up has not found what it looks for, so the server is down.  To call
        it our own fault, and leave the server as it is, would let a server choose to stay in: it
        only had to send what makes the pattern give up.  (In the original the daemon would hang
        in such a match, and then count the server as down for being late.)
        """
        try:
            if self.matches(subject):
                return ""
        except PatternGaveUp:
            return self.gave_up(what)
        return self.not_found(subject, what=what, redact=redact)

    def gave_up(self, what: str) -> str:
        """Say that nobody knows whether *what* matches."""
        return f"the pattern {quoted(self.text)} gave up on {what}: it backtracks too much, write it more narrowly"

    def not_found(self, subject: bytes, *, what: str, redact: tuple[bytes, ...] = ()) -> str:
        """Say that *subject*, which is *what*, does not match."""
        found = f"got {redacted(subject[:_LOOKED_AT], *redact, longest=80)}" if subject else "it is empty"
        return f"{what} does not match {quoted(self.text)}: {found}"


@lru_cache(maxsize=1024)  # a configuration repeats its few patterns for each of its many servers
def _compiled(text: bytes, limit: int = _LIMIT) -> _Program:
    prefix = len(_source(b"", limit))
    try:
        program: _Program = pcre2.compile(_source(text, limit))
    except pcre2.PatternError as error:
        complaint = error.msg.partition("; ")[2]
        where = max(error.pos - prefix, 0)
        raise InvalidOption(
            "receive", f"{quoted(text)} is no regular expression: {complaint} at byte {where}"
        ) from error
    return program


def _source(text: bytes, limit: int) -> bytes:
    # The empty comment keeps PCRE2's own options, such as (*UTF), from being read: to Perl they are errors.
    return b"(*LIMIT_MATCH=%d)(?#)%b" % (limit, _ESCAPE.sub(_as_perl_reads, text))


def _as_perl_reads(escape: re.Match[bytes]) -> bytes:
    r"""Return an escape as Perl reads it in a pattern out of a variable.

    There `\Q`, `\E`, `\L`, `\U`, `\l`, `\u` and `\F` are past their time, as they belong to strings,
    and stand for their letters.  `\x{61}` and `\N{U+61}` are written `\x61`, which PCRE2 understands with
    the options that the binding sets (PCRE2_ALT_BSUX).
    """
    code, letter = escape.groups()
    if code is not None:
        return b"\\x%02x" % int(code, 16)
    return letter if letter in b"QELUluF" else escape[0]
