"""What is looked at after each step: the table, the log, calls of programs, monitor files and what was printed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.parity.support.farm import NUMBERS, address, address6
from tests.parity.support.scenario import State
from tests.parity.support.stage import CALLS, MONITORED, Stage
from tests.peers.mailserver import Mail, MailServer

_NAMES = {address(name): name for name in NUMBERS} | {f"[{address6(name)}]": f"{name}6" for name in NUMBERS}
_LOGGED = re.compile(r"^\[[^|\]]*(?:\|[^|\]]*\|\d+)?\] (.*)$")
_INTERFACE = re.compile(
    r"(Added|Changed|Restored|Deleted|Quiescent|Readd Quiescent|Purged)( virtual| real| fallback)? server"
    r"|Soft failure real server|Resetting soft failure count|Reloading Linux Director|Linux Director Daemon terminated"
    r"|Configuration file '.*' has changed| - (reread|ignore) new configuration|Starting Linux Director|emailalert: "
)
"""The original's messages that people's log watchers wait for."""
_MORE_OF_OURS = re.compile(
    r"^(Soft failure real server: .* failure \d+/\d+"
    r"|(?:Restored|Changed) real server: .*\(Weight set to \d+\)|Changed virtual server: \S+): \w.*"
)
"""What was asked and answered, and what is set anew, behind the original's words."""
_SHOWN = (("", "-w"), ("u:", "-x"), ("l:", "-y"))
"""What a state shows of a real server: weight and thresholds."""
_MONITOR_LINE = re.compile(r"^\[[^\]]*\] \[\d+\] (.*) \[(up|down)\] (.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All of it, after one step."""

    table: Mapping[str, tuple[str, ...]]
    """The lines of `ipvsadm -S -n` by virtual, as in `-t 10.9.0.100:80`."""
    log: frozenset[str]
    calls: tuple[str, ...]
    monitored: Mapping[str, tuple[str, ...]]
    """By monitor file: what its last line of this step says of each real server."""
    mails: tuple[str, ...]
    """As `Daemon-Status: CheckedServer`, in alphabetical order, each once."""
    letters: tuple[str, ...]
    """The same mails, in full: sender, recipient, subject and text."""
    printed: tuple[str, ...]
    settled: bool
    """Whether everything expected came about."""

    def state(self, virtual: str) -> State:
        """Return one virtual service as scenarios spell it."""
        return state_of(self.table.get(virtual))


@dataclass(slots=True)
class Reader:
    """Reads only what is new since it last looked."""

    _seen: dict[Path, int] = field(default_factory=dict)
    _mails: int = 0

    def lines(self, path: Path) -> list[str]:
        """Return the new lines of a file, none if there is no such file."""
        try:
            text = path.read_text(errors="replace")
        except FileNotFoundError:
            return []
        new = text[self._seen.get(path, 0) :]
        self._seen[path] = len(text)
        return new.splitlines()

    def ahead(self, path: Path) -> set[str]:
        """Return the new lines of a file, and leave them for `lines`."""
        seen = dict(self._seen)
        lines = set(self.lines(path))
        self._seen = seen
        return lines

    def mails(self, server: MailServer) -> list[Mail]:
        """Return the mails that came."""
        new = server.mails[self._mails :]
        self._mails += len(new)
        return new

    def waiting(self, server: MailServer) -> set[str]:
        """Return what `Observation.mails` would be, and leave the mails for it."""
        return {_mail(mail) for mail in server.mails[self._mails :]}


def _mail(mail: Mail) -> str:
    return f"{mail.status}: {mail.subject}"


def _letter(mail: Mail) -> str:
    words = (mail.parsed["From"], mail.parsed["To"], mail.subject, *mail.body.decode().splitlines())
    return "\n".join(str(word) for word in words if word)


def table_of(stage: Stage) -> dict[str, tuple[str, ...]]:
    """Return the kernel's table by virtual; its lines without the virtual's name, in an order of their own."""
    thresholds = _thresholds(stage.director.host.run("ipvsadm -L -n --thresholds"))
    found: dict[str, list[str]] = {}
    virtual = -1
    for line in stage.director.host.run("ipvsadm -S -n").splitlines():
        words = line.split()
        name = " ".join(words[1:4] if words[3:4] == ["-6"] else words[1:3])
        virtual += words[0] == "-A"
        more = thresholds.get((virtual, _after("-r", words)), "") if words[0] == "-a" else ""
        found.setdefault(name, []).append(" ".join([words[0], *words[len(name.split()) + 1 :]]) + more)
    return {name: tuple(sorted(lines)) for name, lines in found.items()}


def _thresholds(text: str) -> dict[tuple[int, str], str]:
    """Return the connection thresholds that are set, which `ipvsadm -S` leaves out, by number of virtual and server."""
    found, virtual = {}, -1
    for line in text.splitlines()[3:]:
        match line.split():
            case ["->", real, upper, lower, *_]:
                if upper != "0" or lower != "0":
                    found[virtual, real] = f" -x {upper} -y {lower}"
            case _:
                virtual += 1
    return found


def state_of(lines: Iterable[str] | None) -> State:
    """Return a virtual service of the table as scenarios spell it."""
    if lines is None:
        return None
    options, reals = "", []
    for line in lines:
        words = line.split()
        if words[0] == "-A":
            options = " ".join(words[1:])
        else:
            reals.append(
                named(_after("-r", words))
                + "".join(f" {mark}{_after(flag, words)}" for mark, flag in _SHOWN if flag in words)
            )
    text = ", ".join(sorted(reals))
    return text if options == "-s wrr" else f"{options}: {text}".rstrip()


def weights_in(state: str) -> dict[str, int]:
    """Return the weights of a state as scenarios spell it, by name of server."""
    _, _, reals = state.rpartition(": ") if state.startswith("-") else ("", "", state)
    words = (real.split() for real in reals.removesuffix(":").split(", ") if real and not real.startswith("-"))
    return {name: int(weight) for name, weight, *_ in words}


def _after(flag: str, words: Sequence[str]) -> str:
    return words[words.index(flag) + 1]


def named(endpoint: str) -> str:
    """Return the name of a real server, with its port unless that is 80."""
    host, _, port = endpoint.rpartition(":")
    name = _NAMES.get(host, host)
    return name if port == "80" else f"{name}:{port}"


def observe(stage: Stage, reader: Reader, *, settled: bool) -> Observation:
    """Look at everything that came about since *reader* last looked."""
    logs = [*sorted((stage.director.folder / "var/log").glob("*.log")), stage.log_of_supervised]
    messages = (_LOGGED.match(line) for path in logs for line in reader.lines(path))
    mails = reader.mails(stage.farm.post)
    files = sorted(MONITORED.glob("*"))
    return Observation(
        table=table_of(stage),
        log=frozenset(
            neutral(match[1].strip(), stage) for match in messages if match and _INTERFACE.match(match[1].strip())
        ),
        calls=tuple(dict.fromkeys(neutral(line, stage) for line in reader.lines(CALLS))),
        monitored={path.name: _last_words(reader.lines(path)) for path in files},
        mails=tuple(sorted({_mail(mail) for mail in mails})),
        letters=tuple(sorted({neutral(_letter(mail), stage) for mail in mails})),
        printed=_printed(stage),
        settled=settled,
    )


def neutral(text: str, stage: Stage) -> str:
    """Return *text* without what differs between any two runs, and without what we say beyond the original."""
    text = text.replace(str(stage.director.folder), "")
    text = re.sub(r"(pid: |pid |\[)\d+", r"\1N", text)
    text = _MORE_OF_OURS.sub(r"\1", text)
    return re.sub(r"(configuration of )(\d{4}-\d\d-\d\d )?\d\d:\d\d", r"\1TIME", text)


def _printed(stage: Stage) -> tuple[str, ...]:
    if stage.ended is None:
        return ()
    lines = neutral(stage.ended.output, stage).splitlines()
    return (f"exit {stage.ended.status}", *(line.rstrip() for line in lines if line.strip()))


def _last_words(lines: Iterable[str]) -> tuple[str, ...]:
    last = {match[1]: f"{match[1]} [{match[2]}] {match[3]}" for line in lines if (match := _MONITOR_LINE.match(line))}
    return tuple(last[name] for name in sorted(last))
