"""What the words of the command line ask for."""

import difflib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

TABLES = ("auto", "kernel", "memory")
LOG_FORMATS = ("text", "json")
"""Of each, the first is the default."""
FORCE = "--force"


class Action(StrEnum):
    """What `ldirectord` can be told to do."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    TRY_RESTART = "try-restart"
    RELOAD = "reload"
    FORCE_RELOAD = "force-reload"
    STATUS = "status"
    CONFIGTEST = "configtest"


class Topic(StrEnum):
    """What `ldirectord` can tell of itself."""

    HELP = "help"
    VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command line, understood."""

    action: Action
    config: str | None = None
    """The word given for the configuration; None: none was."""
    debug: bool = False
    foreground: bool = False
    leave_table: bool = False
    shadow: bool = False
    force: bool = False
    """A reload is insisted on."""
    table: str = TABLES[0]
    log_format: str = LOG_FORMATS[0]


class UsageError(Exception):
    """A command line that means nothing; *complaints* says why, one line each."""

    def __init__(self, complaints: Sequence[str] = ()) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(complaints))


# Long names may not be shortened, but their case does not matter; one-letter names may follow two dashes as well.
_SWITCHES = {
    "d": "debug",
    "debug": "debug",
    "force": "force",
    "foreground": "foreground",
    "h": "help",
    "?": "help",
    "help": "help",
    "leave-table": "leave-table",
    "shadow": "shadow",
    "v": "version",
    "version": "version",
}
_CHOICES = {"table": TABLES, "log-format": LOG_FORMATS}


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    switches: set[str]
    choices: dict[str, str]
    complaints: list[str]


def parse(words: Sequence[str]) -> Invocation | Topic:
    """Return what *words* (without the program's name) ask for; options end at the first word that is none.

    Raises `UsageError`, with every complaint at once.
    """
    reading = _Reading(set(), {name: allowed[0] for name, allowed in _CHOICES.items()}, [])
    rest = _read_options(list(words), reading)
    if reading.complaints:
        raise UsageError(reading.complaints)
    for topic in Topic:
        if topic in reading.switches:
            return topic
    if "shadow" in reading.switches and reading.choices["table"] == "memory":
        raise UsageError(["Option shadow: there is nothing to watch with --table memory"])
    if rest and rest[-1] == FORCE:  # where people write it, although options stand before
        rest.pop()
        reading.switches.add("force")
    action, config = _read_words(rest)
    if "force" in reading.switches and action not in {Action.RELOAD, Action.RESTART}:
        raise UsageError([f"Option force: only a reload or a restart can be forced, not {action}"])
    if "leave-table" in reading.switches and action is not Action.STOP:
        raise UsageError([f"Option leave-table: this is for stop; {action} never takes anything out of the table"])
    return Invocation(
        action=action,
        config=config,
        debug="debug" in reading.switches,
        foreground="foreground" in reading.switches,
        leave_table="leave-table" in reading.switches,
        shadow="shadow" in reading.switches,
        force="force" in reading.switches,
        table=reading.choices["table"],
        log_format=reading.choices["log-format"],
    )


def _read_options(words: list[str], reading: _Reading) -> list[str]:
    """Take the options off the front of *words*; return the rest."""
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            _read_long(word[2:], words, reading)
        else:
            _read_bundle(word[1:], reading)
    return words


def _read_bundle(letters: str, reading: _Reading) -> None:
    for letter in letters:
        if letter in _SWITCHES:
            reading.switches.add(_SWITCHES[letter])
        else:
            reading.complaints.append(f"Unknown option: {letter}")


def _read_long(option: str, words: list[str], reading: _Reading) -> None:
    spelled, equals, value = option.partition("=")
    name = spelled.lower()
    if name in _CHOICES:
        if not equals and words and not words[0].startswith("-"):
            value = words.pop(0)
        _read_choice(name, value, reading)
    elif name not in _SWITCHES:
        reading.complaints.append(f"Unknown option: {spelled or option}")
    elif equals:
        reading.complaints.append(f"Option {spelled} does not take an argument")
    else:
        reading.switches.add(_SWITCHES[name])


def _read_choice(name: str, value: str, reading: _Reading) -> None:
    if value in _CHOICES[name]:
        reading.choices[name] = value
    else:
        expected = " or ".join(_CHOICES[name])
        reading.complaints.append(f"Option {name}: expected {expected}, but got '{value}'")


def _read_words(words: Sequence[str]) -> tuple[Action, str | None]:
    """Return the action and the configuration."""
    if not words:
        raise UsageError
    config, word = (words[0], words[1]) if len(words) > 1 else (None, words[0])
    if word not in set(Action):
        swapped = f"; the configuration goes before {config}" if config in set(Action) and len(words) == 2 else ""
        if swapped and word.startswith("-"):
            swapped = f"; options go before {config}"
        raise UsageError([f"Unknown action: {word}{swapped or _meant(word)}"])
    if rest := words[2:]:
        wrong = f"expected nothing after {word}, but got {shlex.join(rest)}"
        raise UsageError([f"{wrong}; options go before CONFIG and ACTION" if rest[0].startswith("-") else wrong])
    return Action(word), config


def _meant(word: str) -> str:
    """Say which action was probably meant by *word*, or which there are."""
    similar = difflib.get_close_matches(word, list(Action), 1)
    return f"; did you mean {similar[0]}?" if similar else f"; expected {', '.join(Action)}"
