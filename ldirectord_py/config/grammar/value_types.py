"""How values are written: yes and no, numbers, quoted text, words."""

import difflib
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Reader, Unreadable, no_port, shown, unknown_word
from ldirectord_py.config.grammar.json_types import LARGEST
from ldirectord_py.model.address import Endpoint, IPAddress
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.config import AlertStatus

_DIGITS = re.compile(r"[0-9]{1,12}")
_PLAIN_NUMBER = r"[0-9]+\s*"
_PLAIN_WORD = r"\w+\s*"
_QUOTED_ONLY = r'".*"\s*'
_NO_BLANK_BEHIND = r'(.*[^\s"])?'
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "twos")
"""All that Linux has ever had (net/netfilter/ipvs/Kconfig, 6.12)."""
_DOTTED_QUAD = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20}){3}")


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.ASCII)
    return match[0] if match else ""


def _yes_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise Unreadable("")
    return text == "yes"


def _whole(text: str, least: int) -> int:
    # The first digits count, wherever they stand, as the original has it.
    match = _DIGITS.search(text)
    if match is None or int(match[0]) < least:
        raise Unreadable(f"expected a whole number{' above 0' if least else ''}, such as 5")
    if int(match[0]) > LARGEST:
        raise Unreadable(f"expected a number up to {LARGEST}")
    return int(match[0])


def _port(text: str) -> int:
    match = _DIGITS.search(text)
    if match is None or not 0 < int(match[0]) < 65536:
        raise Unreadable(no_port(match[0] if match else text.strip(), named=False), complete=True)
    return int(match[0])


def _leading_number(text: str) -> int:
    if not (digits := _first(r"^[0-9]{1,12}", text)):
        raise Unreadable("expected seconds, such as 3600, or 0 for never")
    return _whole(digits, 0)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?\s*", text, re.ASCII):
        raise Unreadable("expected seconds, such as 5 or 2.5, or 0 for never")
    return float(text)


def _percent(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}\s*%?\s*", text, re.ASCII) or (number := int(text.rstrip("% \t"))) > 100:
        raise Unreadable("expected a percentage, such as 50")
    return number


def _quoted(text: str) -> str:
    if not text.startswith('"') or (end := text.rfind('"')) == 0:
        raise Unreadable("expected a value in double quotes")
    return text[1:end]


def _quoted_text(text: str) -> str:
    if not (inner := _quoted(text)):
        raise Unreadable("expected some text between the quotes")
    return inner


def _quoted_word(text: str) -> str:
    if not re.search(r"\w", inner := _quoted(text), re.ASCII):
        raise Unreadable("expected some text between the quotes")
    return inner


def _request(text: str) -> str:
    return rooted(_quoted_text(text))


def rooted(request: str) -> str:
    """Return *request* with the leading slash that the original gives every request."""
    return request if request.startswith("/") else f"/{request}"


def _raw(text: str) -> str:
    return text


def _text(text: str) -> str:
    if not text:
        raise Unreadable("expected a value behind '='")
    return text


def _quoted_or_text(text: str) -> str:
    if text.startswith('"') and text.rfind('"') > 0:
        return _quoted_text(text)
    return _text(text)


def _absolute_path(text: str) -> str:
    path = _quoted_or_text(text)
    if not path.startswith("/") or "\0" in path:
        raise Unreadable("expected a path from / on, such as /var/log/ldirectord/web.jsonl")
    return path


def _recipients(text: str) -> str:
    whole = len(text) > 1 and text.startswith('"') and text.endswith('"')
    if not (inner := text[1:-1] if whole else text):
        raise Unreadable("expected addresses, such as admin@example.com")
    return inner


def _leading_host(text: str) -> str:
    if not (host := _first(r"^[0-9A-Za-z._+-]+", text)):
        raise Unreadable("expected a host name or an IPv4 address, without quotes")
    return host


def _virtualhost(text: str) -> str:
    return text.removeprefix('"').partition('"')[0]


def _word(text: str) -> str:
    if not (word := _first(r"\w+", text)):
        raise Unreadable("")
    return word


def _lower_case(text: str) -> str:
    if not (word := _first(r"[a-z]+", text)):
        raise Unreadable(unknown_word("scheduler", text.strip(), SCHEDULERS), alone=True)
    return word


SCHEDULERS = ("rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "twos")
"""All that Linux has (`net/netfilter/ipvs/Kconfig`); which of them a kernel has is asked at start and at reload."""


def _scheduler(text: str) -> str:
    if (name := _lower_case(text)) not in SCHEDULERS:
        raise Unreadable(unknown("scheduler", name, SCHEDULERS), complete=True)
    return name


def unknown(what: str, name: str, names: Sequence[str]) -> str:
    """Say that *name* is none of *names*, and which was probably meant."""
    meant = difflib.get_close_matches(name.lower(), names, 1, 0.6)
    advice = f"did you mean {meant[0]}?" if meant else f"use one of {', '.join(names)}"
    return f'unknown {what} "{shown(name)}": {advice}'


def _unblank(text: str) -> str:
    if not (word := _first(r"\S+", text)):
        raise Unreadable("expected names such as sh-port, with commas between them")
    return word


def _method(text: str) -> str:
    if (word := _first(r"\w+", text).upper()) not in {"GET", "HEAD"}:
        raise Unreadable("")
    return word


class AskedType(NamedTuple):
    """A value of `checktype`."""

    checktype: CheckType
    connects: int

    def __str__(self) -> str:
        """Return the value as it is best written."""
        return str(self.connects) if self.checktype is CheckType.COMBINED else str(self.checktype)


def _checktype(text: str) -> AskedType:
    if digits := _first(r"[0-9]+", text):
        return AskedType(CheckType.COMBINED, _whole(digits[:13], 0))
    word = _first(r"[\w-]+", text)
    if word not in _CHECKTYPES:
        raise Unreadable(unknown_word("checktype", word or text.strip(), (*_CHECKTYPES, "a number")), alone=True)
    return AskedType(CheckType(word), 0)


_CHECKTYPES = tuple(kind.value for kind in CheckType if kind is not CheckType.COMBINED)
_STATUS_WORDS = {
    "none": AlertStatus.NONE,
    "all": AlertStatus.ALL,
    "starting": AlertStatus.STARTING,
    "running": AlertStatus.RUNNING,
    "stopping": AlertStatus.STOPPING,
    "reloading": AlertStatus.RELOADING,
}


def _status(text: str) -> AlertStatus:
    words = re.split(r"\s*,\s*", text, flags=re.ASCII)
    while words and not words[-1]:
        words.pop()
    for word in words:
        if word not in _STATUS_WORDS:
            expected = f"expected {', '.join(_STATUS_WORDS)}, with commas between them"
            raise Unreadable(f'invalid email alert status at: "{shown(word)}": {expected}', complete=True)
    others = [word for word in words if word != "none"]
    if others and "none" in words:
        raise Unreadable(f'invalid email alert status: "{others[0]}" specified with "none"', complete=True)
    status = AlertStatus.NONE
    for word in words:
        status |= _STATUS_WORDS[word]
    return status


def dotted_mask(text: str) -> IPv4Address:
    """Return the IPv4 netmask that *text* is; raises `Unreadable`."""
    if not _DOTTED_QUAD.fullmatch(text):
        raise Unreadable("invalid netmask: dotted quad notation is required")
    if any(int(octet) > 255 for octet in text.split(".")):
        raise Unreadable("expected four numbers up to 255, such as 255.255.255.0")
    return IPv4Address(".".join(str(int(octet)) for octet in text.split(".")))


def prefix_length(text: str) -> int:
    """Return the IPv6 prefix length that *text* is; raises `Unreadable`."""
    if not re.fullmatch(r"[0-9]{1,20}", text) or not 1 <= int(text) <= 128:
        raise Unreadable("invalid netmask: a prefix length between 1 and 128 is required")
    return int(text)


def _listen(text: str) -> Endpoint:
    match = re.fullmatch(r"(?:([0-9.]+):|\[([0-9A-Fa-f:.]+)\]:)?([0-9]{1,5})\s*", text, re.ASCII)
    if match is not None and not 0 < int(match[3]) < 65536:
        raise Unreadable(no_port(match[3]), complete=True)
    if match is None:
        raise Unreadable("expected [ADDRESS:]PORT, such as 9893, 127.0.0.1:9893 or [::1]:9893")
    try:
        address: IPAddress = IPv6Address(match[2]) if match[2] else IPv4Address(match[1] or "127.0.0.1")
    except ValueError:
        raise Unreadable("expected an IPv4 address, or an IPv6 address in brackets, in front of the port") from None
    return Endpoint(address, int(match[3]))


def _in_quotes(value: str) -> str:
    return f'"{value}"'


def _decimal(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _status_words(value: AlertStatus) -> str:
    if value in {AlertStatus.NONE, AlertStatus.ALL}:
        return "none" if value is AlertStatus.NONE else "all"
    return ", ".join(word for word, status in _STATUS_WORDS.items() if word not in {"none", "all"} and status & value)


def _in_yaml_only(_text: str) -> Any:
    raise Unreadable("several checks can be written in YAML only: see ldirectorctl convert", complete=True)


def gone(sentence: str) -> Reader[None]:
    """Return the reader of a directive that is refused, whatever its value."""

    def refuse(_text: str) -> None:
        raise Unreadable(sentence, alone=True)

    return Reader("refused", refuse, _raw, schema=json_types.NOTHING)


def choice(what: str, words: Sequence[str]) -> Reader[str]:
    """Return the reader of one of *words*, which are *what*: the first word of the value counts."""

    def read(text: str) -> str:
        if (word := _first(r"\w+", text)) not in words:
            raise Unreadable(unknown_word(what, word or text.strip(), words), alone=True)
        return word

    return Reader(" | ".join(words), read, str, _PLAIN_WORD, schema=json_types.one_of(words))


YES_NO = Reader("yes | no", _yes_no, lambda value: "yes" if value else "no", schema=json_types.SWITCH)
COUNT = Reader("NUMBER above 0", lambda text: _whole(text, 1), str, _PLAIN_NUMBER, schema=json_types.COUNT)
NUMBER = Reader("NUMBER", lambda text: _whole(text, 0), str, _PLAIN_NUMBER, schema=json_types.NUMBER)
LEADING_NUMBER = Reader("SECONDS", _leading_number, str, _PLAIN_NUMBER, schema=json_types.NUMBER)
PORT = Reader("PORT", _port, str, _PLAIN_NUMBER, schema=json_types.PORT)
SECONDS = Reader("SECONDS", _seconds, _decimal, schema=json_types.DECIMAL)
PERCENT = Reader("PERCENT", _percent, str, schema=json_types.PERCENT)
QUOTED = Reader('"TEXT" or ""', _quoted, _in_quotes, _QUOTED_ONLY, quoted=True)
QUOTED_TEXT = Reader('"TEXT"', _quoted_text, _in_quotes, _QUOTED_ONLY, quoted=True)
QUOTED_WORD = Reader('"TEXT"', _quoted_word, _in_quotes, _QUOTED_ONLY, quoted=True)
REQUEST = Reader('"TEXT"', _request, _in_quotes, _QUOTED_ONLY, quoted=True)
RAW = Reader("TEXT or nothing", _raw, str, _NO_BLANK_BEHIND)
SHELL_OR_NOTHING = Reader("COMMAND", _raw, str)
TEXT = Reader("TEXT", _text, str, _NO_BLANK_BEHIND)
SHELL = Reader("COMMAND", _text, str)
QUOTED_OR_TEXT = Reader(
    'TEXT or "TEXT"', _quoted_or_text, _in_quotes, rf"{_QUOTED_ONLY}|{_NO_BLANK_BEHIND}", quoted=True
)
ABSOLUTE_PATH = Reader(
    'PATH or "PATH"', _absolute_path, _in_quotes, r'"/.*"\s*|/(.*[^\s"])?', quoted=True, schema=json_types.ABSOLUTE_PATH
)
RECIPIENTS = Reader(
    'ADDRESSES or "ADDRESSES"', _recipients, _in_quotes, rf'".*"|{_NO_BLANK_BEHIND}', quoted=True, between=", "
)
HOST = Reader("HOST", _leading_host, str, r"[0-9A-Za-z._+-]+\s*")
VIRTUALHOST = Reader('HOST or "HOST"', _virtualhost, _in_quotes, r'[^\s"]*|"[^"]*"\s*', quoted=True)
WORD = Reader("WORD", _word, str, _PLAIN_WORD, schema=json_types.WORD)
SCHEDULER = Reader("NAME", _scheduler, str, r"[a-z]+\s*", schema=json_types.LOWER_CASE)
UNBLANK = Reader("NAME,…", _unblank, str, r"\S+\s*", between=",")
METHOD = Reader("GET | HEAD", _method, str, _PLAIN_WORD, schema=json_types.one_of(("GET", "HEAD", "get", "head")))
CHECKTYPE = Reader(
    "negotiate | connect | ping | external | external-perl | on | off | NUMBER",
    _checktype,
    str,
    r"([A-Za-z_-]+|[0-9]+)\s*",
    schema=json_types.CHECKTYPE,
)
STATUS = Reader(
    f"{' | '.join(_STATUS_WORDS)}, …",
    _status,
    _status_words,
    between=", ",
    schema=json_types.WORDS,
)
LISTEN = Reader(
    "[ADDRESS:]PORT",
    _listen,
    str,
    schema=json_types.LISTEN,
)
IN_YAML_ONLY: Reader[Any] = Reader("a list, in YAML only", _in_yaml_only, str, schema={"$ref": "#/$defs/checks"})
