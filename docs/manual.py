"""The manual pages, made of the command's help, the directives' table and the services' registry; see generate.py."""

import re
import textwrap
from argparse import Action, ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.cli.ctl.command import ExitStatus
from ldirectord_py.cli.ctl.commands import COMMANDS
from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.texts import HELP
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.model.config import AlertStatus

_DATE = "2026-11-23"
"""When the texts below were last changed; pages without a date are refused by mandoc."""

_WIDTH = 72
"""Letters of a line before they are escaped; mandoc wants no more than 80 after that."""

_COMMAND = """\
ldirectord checks the real servers of Linux Virtual Server (IPVS) as its configuration says, all at the same time, \
and keeps the kernel's table in step: a server that fails is taken out or gets weight 0, and comes back with its \
first success; while no server of a virtual service is well, its fallback serves.

It takes the place of the Perl program of that name: the same configuration file, command line, pid files, exit \
statuses and log messages. docs/coming\\-from\\-perl.md lists each difference that is on purpose.
"""

_CONTROL = """\
ldirectorctl asks a running director how its servers are and why, gives it commands about them, and works with \
configurations and with what a director has recorded. ldirectorctl COMMAND --help explains a command as this page does.

What --json writes is stable: what is there keeps its name and meaning, and new fields may come.
"""

_WHICH = """\
If one daemon runs here, the commands that ask or steer one mean it. If several do, one of these says which.
"""

_STATUSES = {
    ExitStatus.FINE: "it was done, and nothing was found",
    ExitStatus.ERROR: "it could not be done, or the command line means nothing",
    ExitStatus.FOUND: "problems or differences were found, or a server that was named is out",
    ExitStatus.TIMEOUT: "what it waited for has not happened in time",
}

_RUNNING = """\
Under systemd the unit ldirectord.service runs the configuration ldirectord.cf, and ldirectord@NAME.service runs \
NAME.cf. Both run as the user ldirectord, with the capabilities CAP_NET_ADMIN and CAP_NET_RAW and nothing else; \
programs that the configuration names run so too.

Heartbeat calls the program by a link: /etc/ha.d/resource.d/ldirectord, with a line in haresources such as:

!    node1 10.0.0.100 ldirectord::ldirectord.cf

Pacemaker has the resource agents ocf:ldirectord_py:ldirectord, which comes with this program, and \
ocf:heartbeat:ldirectord; both work.
"""

_EXAMPLES = """\
Say everything that is wrong with a configuration:

!    ldirectord /etc/ha.d/ldirectord.cf configtest

Try a configuration out, and change no table:

!    ldirectord -d --table memory ./new.cf start
"""

_FILE = """\
The file says which virtual services there are, which real servers serve each of them, and how those are checked. \
Empty lines and lines that begin with # are comments. All other lines are NAME = VALUE.

What is global stands in the first column. A section begins with a line virtual = ADDRESS:PORT, \
virtual6 = [ADDRESS]:PORT, or virtual = NUMBER for a firewall mark, and goes on over the lines that are indented \
by a tab or by four blanks; an empty line ends it. Within a section a # and what follows it are a comment too.

ldirectord FILE configtest tells everything that is wrong with a file, with the number of the line.
"""

_SAMPLE = """\
!checktimeout = 5
!checkinterval = 10
!quiescent = yes
!
!virtual = 192.0.2.100:80
!    real = 192.0.2.11:80 gate 3
!    real = 192.0.2.12:80 gate 2
!    fallback = 127.0.0.1:80 gate
!    service = http
!    request = "alive.html"
!    receive = "I'm alive!"
!    scheduler = wrr
"""


def command() -> str:
    """Return docs/man/ldirectord.8."""
    name, sections = _of_help()
    usage = sections.pop("Usage")
    lines = [
        *_head("LDIRECTORD", 8, name),
        ".SH SYNOPSIS",
        *_preformatted([line.strip() for line in usage if line]),
        *_section("DESCRIPTION", _COMMAND),
    ]
    for title, body in sections.items():
        lines += [f".SH {title.upper()}", *_of_columns(body)]
    lines += [
        *_section("RUNNING IT", _RUNNING),
        *_section("EXAMPLES", _EXAMPLES),
        *_see_also("ldirectorctl(8)", "ldirectord.cf(5)", "ipvsadm(8)", "systemctl(1)"),
    ]
    return _page(lines)


def control() -> str:
    """Return docs/man/ldirectorctl.8."""
    listed = [entry for entry in COMMANDS if entry.summary]
    lines = [
        *_head("LDIRECTORCTL", 8, "ldirectorctl - ask and steer a running ldirectord, and read its files"),
        ".SH SYNOPSIS",
        *_preformatted([f"ldirectorctl {entry.name} [OPTION]... ARGUMENT..." for entry in listed]),
        *_section("DESCRIPTION", _CONTROL),
    ]
    shared = _actions(add_arguments)
    told = {action.help for action in shared}
    for entry in listed:
        command = entry.load()
        lines += _section(entry.name.upper(), command.description)
        for action in _actions(command.arguments):
            if action.help not in told:
                lines += _entry(_term(action), f"{action.help}")
    lines += _section("WHICH DAEMON", _WHICH)
    for action in shared:
        lines += _entry(_term(action), f"{action.help}")
    lines += [".SH EXIT STATUS"]
    for status, meaning in _STATUSES.items():
        lines += _entry(str(int(status)), meaning)
    return _page([*lines, *_see_also("ldirectord(8)", "ldirectord.cf(5)")])


def _actions(add: Callable[[ArgumentParser], None]) -> list[Action]:
    """Return the arguments that *add* gives to a command, those of groups too."""
    parser = ArgumentParser(add_help=False)
    add(parser)
    return parser._actions  # noqa: SLF001  # argparse lists them nowhere else


def _term(action: Action) -> str:
    """Return how an argument is written."""
    value = str(action.metavar or (f"{{{','.join(action.choices)}}}" if action.choices else "")).strip()
    return f"{', '.join(action.option_strings)} {value}".strip()


def configuration() -> str:
    """Return docs/man/ldirectord.cf.5."""
    everywhere, sections = rows(Scope.GLOBAL), rows(Scope.SECTION)
    shared = [name for name, row in sections.items() if everywhere.get(name) is row]
    lines = [
        *_head("LDIRECTORD.CF", 5, "ldirectord.cf - what ldirectord checks and directs"),
        *_section("DESCRIPTION", _FILE),
        ".SH GLOBAL DIRECTIVES",
        *_directives(everywhere),
        ".SH DIRECTIVES OF A SECTION",
        *_sentences(f"These may stand in a section too, and are then in force for its virtual: {', '.join(shared)}."),
        *_directives({name: row for name, row in sections.items() if name not in shared}),
        ".SH SERVICES",
    ]
    for row in SERVICES.values():
        port = f" (port {row.port})" if row.port else ""
        lines += _entry(row.service, f"{row.summary}{port}")
    lines += [
        *_section("EXAMPLE", _SAMPLE),
        ".SH FILES",
        *_entry("/etc/ha.d/ldirectord.cf", "where it is looked for first"),
        *_see_also("ldirectord(8)", "ipvsadm(8)", "pcre2pattern(3)"),
    ]
    return _page(lines)


def _of_help() -> tuple[str, dict[str, list[str]]]:
    """Return the first line of the help, and the lines below each of its headings."""
    first, *rest = HELP.splitlines()
    sections: dict[str, list[str]] = {}
    body: list[str] = []
    for line in rest:
        if line and not line.startswith(" "):
            body = sections.setdefault(line.removesuffix(":"), [])
        else:
            body.append(line)
    return first, sections


def _of_columns(lines: Sequence[str]) -> Iterator[str]:
    """Yield the roff of a section of the help: paragraphs, and terms with what they mean two blanks behind them."""
    for number, block in enumerate("\n".join(lines).strip("\n").split("\n\n")):
        entries: list[tuple[str, list[str]]] = []
        for line in block.splitlines():
            if line.startswith("     "):
                entries[-1][1].append(line.strip())
                continue
            term, *meaning = re.split(r"(?<![.?!])  +", line.strip(), maxsplit=1)
            entries.append((term, meaning))
        if any(meanings for _, meanings in entries):
            for term, meanings in entries:
                yield from _entry(term, " ".join(meanings))
        else:
            if number:
                yield ".PP"
            yield from _sentences(" ".join(block.split()))


def _directives(these: Mapping[str, Directive[object]]) -> Iterator[str]:
    for row in these.values():
        default = _default(row)
        notice = f"Note: {' '.join(row.notice.split())}." if row.notice else ""
        value = f"\\fB{_escaped(row.name)}\\fR = {_escaped(row.reader.syntax)}"
        yield from (".TP", value, *_sentences(f"{row.help}."))
        if default:
            yield from _sentences(f"The default is {default}.")
        yield from _sentences(notice)


def _default(row: Directive[object]) -> str:
    match row.default:
        case None | "":
            return ""
        case AlertStatus():
            return (row.default.name or "").lower()
        case bool():
            return "yes" if row.default else "no"
        case int() | float():
            return f"{row.default:g}"
        case str():
            return row.default
        case _:
            return ""


def _head(name: str, section: int, line: str) -> list[str]:
    return [f".TH {name} {section} {_DATE} ldirectord_py", ".SH NAME", *_sentences(line)]


def _section(title: str, text: str) -> Iterator[str]:
    r"""Yield a section of paragraphs with an empty line between them; lines that begin with ! stay as they are."""
    yield f".SH {title}"
    for number, paragraph in enumerate(text.strip("\n").split("\n\n")):
        if number:
            yield ".PP"
        lines = paragraph.splitlines()
        if lines[0].startswith("!"):
            yield from _preformatted([line.removeprefix("!") for line in lines])
            continue
        yield from _sentences(" ".join(lines).replace("\\-", "-"))


def _preformatted(lines: Sequence[str]) -> Iterator[str]:
    yield from (".nf", *map(_escaped, lines), ".fi")


def _entry(term: str, meaning: str) -> Iterator[str]:
    yield from (".TP", f"\\fB{_escaped(term)}\\fR", *_sentences(meaning))


def _see_also(*pages: str) -> Iterator[str]:
    yield ".SH SEE ALSO"
    for number, page in enumerate(pages, 1):
        name, _, section = page.partition("(")
        yield f".BR {_escaped(name)} ({section}{'' if number == len(pages) else ' ,'}"


def _sentences(text: str) -> Iterator[str]:
    """Yield a line for each sentence, as roff wants it."""
    for sentence in re.split(r"(?<=[.?!]) +(?=[A-Z(])", text):
        yield from map(_escaped, textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _escaped(text: str) -> str:
    """Return *text* as roff reads it literally."""
    text = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    )
    text = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)
    return f"\\&{text}" if text.startswith(".") else text


def _page(lines: Sequence[str]) -> str:
    return "\n".join(['.\\" Generated by docs/generate.py; do not edit.', *lines, ""])
