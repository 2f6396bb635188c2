"""Configurations made up by hypothesis: every directive, in any order, with whatever its reader takes."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from ldirectord_py.config.grammar.directive import Directive, Scope, Unreadable, Void
from ldirectord_py.config.grammar.directives.all_directives import rows

LETTERS = st.characters(codec="utf-8", exclude_characters='\0\n#"\t', exclude_categories=("Cs",))
PLAIN = st.text(LETTERS, max_size=12)
SPECIMENS = [
    *("yes", "no", "1", "2.5", "0", "17", "65535", "abc5", " 9 ", "9100", "[::1]:9100", "0.0.0.0:80"),
    *(
        '"text"',
        '""',
        '"a"b"',
        '"it\'s: ~ & * !"',
        '"null"',
        '"yes"',
        '"1e3"',
        '"22:22"',
        '"- x"',
        '"a", "b"',
        '"\\d+$"',
    ),
    *(
        "text",
        "text with: colons",
        " x",
        "trailing ",
        "null",
        "~",
        "on",
        "off",
        "ünïcode",
        '"\x7f\x01\u2028"',
        "\udcff",
    ),
    *(
        "a@example.com",
        '"a@b, c@d"',
        "none",
        "all",
        "starting, stopping",
        "running,reloading",
        "connect",
        "3",
        "-3",
        "on",
        "off",
    ),
    *("http", "sip", "get", "HEAD x", "wlc2", "rr", "sh-port,sh-fallback", "/bin/true", "host.example.com", "tcp"),
    *("200-299,401", "503", "X-Probe: a b", '"Authorization: Basic a=="', '"X-Empty:"', "100-100, 101"),
    *("external", "external-perl", "ping", "negotiate", "respect", "", "conf.d/*.cf", '"conf.d/*.yaml"'),
]
"""Values that are easily taken for something else, in one syntax or the other."""

_SHAPED = {"real", "real6", "fallback", "fallback6", "netmask", "protocol", "checks", "include", "receive"}


def readable(row: Directive[Any]) -> list[str]:
    """Return the specimens that the directive takes."""
    found = []
    for text in SPECIMENS:
        try:
            row.reader.read(text)
        except (Unreadable, Void):
            continue
        found.append(text)
    return found


def _values(row: Directive[Any]) -> st.SearchStrategy[str]:
    taken = st.sampled_from(readable(row))
    if row.reader.schema is not None:
        return taken
    free = PLAIN.map(lambda text: f'"{text}"' if row.reader.quoted else text).filter(lambda text: _taken(row, text))
    return taken | free


def _taken(row: Directive[Any], text: str) -> bool:
    try:
        row.reader.read(text)
    except (Unreadable, Void):
        return False
    return True


@cache
def lines(scope: Scope) -> st.SearchStrategy[str]:
    """Return a strategy for single directives that stand by themselves in *scope*."""
    table = [row for row in rows(scope).values() if row.name not in _SHAPED and readable(row)]
    return st.one_of(*(_values(row).map(lambda text, name=row.name: f"{name}={text}") for row in table))


HOSTS = {4: st.sampled_from(["10.0.0.9", "10.0.0.1->10.0.0.3", "10.9"]), 6: st.sampled_from(["[fd00::9]", "[::1]"])}
PORTS = st.sampled_from(["", ":80", ":080", ":65535"])
FORWARDING = st.sampled_from(["gate", "masq", "ipip"])
BEHIND = st.sampled_from(
    ["", " 5", " 0", " weight 7", ' "/a","b"', ' 3 "x y" "z\'"', " l:3 u:9", ' 2 "q", "" u:5', " u:1"]
)


def reals(family: int) -> st.SearchStrategy[str]:
    name = "real6" if family == 6 else "real"
    parts = st.tuples(HOSTS[family], PORTS, FORWARDING, BEHIND)
    return parts.map(lambda part: f"{name}={part[0]}{part[1]} {part[2]}{part[3]}")


def fallbacks(family: int) -> st.SearchStrategy[str]:
    name = "fallback6" if family == 6 else "fallback"
    hosts = st.sampled_from(["[fd00::7]", "[::1]"] if family == 6 else ["10.0.0.7", "10.0.0.8"])
    parts = st.tuples(hosts, PORTS, st.sampled_from(["", " gate", " masq", " junk 10.0.0.4 ipip"]))
    return parts.filter(lambda part: family == 4 or "junk" not in part[2]).map(lambda part: f"{name}={''.join(part)}")


@cache
def bodies(family: int, marked: bool) -> st.SearchStrategy[list[str]]:
    protocol = st.just("protocol=fwm") if marked else st.sampled_from(["protocol=tcp", "protocol=udp"])
    mask = st.sampled_from(["netmask=64"] if family == 6 else ["netmask=255.255.0.0", "netmask=255.255.255.255"])
    receive = st.sampled_from(['receive="OK"', 'receive="^a\\d+: [x]$"', 'receive="it\'s"'])
    body = st.one_of(lines(Scope.SECTION), reals(family), reals(family), fallbacks(family), protocol, mask, receive)
    beside = st.sampled_from(["", "", " # beside"])
    whole = st.tuples(body, beside).map(lambda parts: f"\t{parts[0]}{parts[1]}")
    return st.lists(whole | st.sampled_from(["\t# a comment", "#\tanother: one", "    # ünï"]), max_size=9)


OPENINGS = st.tuples(st.sampled_from([4, 6]), st.booleans(), st.sampled_from(["", " ", "  # note"]))


def opening(number: int, family: int, marked: bool) -> str:
    address = f"[fd00::{number + 1:x}]:80" if family == 6 else f"192.0.2.{number + 1}:53"
    return f"{'virtual6' if family == 6 else 'virtual'}={number + 1 if marked else address}"


_GLOBALS = st.lists(lines(Scope.GLOBAL), max_size=2)
_FIRST = st.lists(
    st.one_of(
        lines(Scope.GLOBAL),
        fallbacks(4),
        fallbacks(6),
        st.sampled_from(["# a comment", "  # indented", "", "#"]),
        st.just("include=conf.d/*.cf"),
    ),
    max_size=8,
)


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Return the text of a `ldirectord.cf`, which has errors at times."""
    parts = draw(_FIRST)
    for number in range(draw(st.integers(0, 3))):
        family, marked, behind = draw(OPENINGS)
        parts += [opening(number, family, marked) + behind, *draw(bodies(family, marked)), "", *draw(_GLOBALS)]
    return "\n".join([*parts, ""])
