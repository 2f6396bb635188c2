"""Programs that are told of what happens: real ones, run by the shell."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from shlex import quote

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.events import ConfigChanged, Event, HookDone, Reloaded, RoleChanged, ServingChanged, Started
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import Settings
from ldirectord_py.observers.hooks.callback import Callback
from ldirectord_py.observers.hooks.execute import Execute
from ldirectord_py.observers.hooks.fallbackcommand import FallbackCommand
from ldirectord_py.observers.hooks.programs import Hook, Hooks, shell
from tests.peers.patience import PATIENCE, until
from tests.peers.processes import alive

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.0.0.1"), 80))
DNS6 = AddressKey(Protocol.UDP, Endpoint(ip_address("fd00::1"), 53))
SETTINGS = Settings(netmask=IPv4Address("255.255.255.255"))


@dataclass
class Stage:
    """Hooks, what they told, and a file to which programs may append."""

    hooks: Hooks
    home: Path
    events: list[Event] = field(default_factory=list)

    @property
    def note(self) -> Path:
        return self.home / "note"

    def noted(self) -> list[str]:
        return self.note.read_text().splitlines() if self.note.exists() else []

    def done(self) -> list[tuple[str, str]]:
        return [(event.command, event.failure) for event in self.events if isinstance(event, HookDone)]

    def script(self, text: str, name: str = "program") -> str:
        path = self.home / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def run(self, command: str, lane: str = "lane", **more) -> None:
        self.hooks.run(lane, Hook(directive="test", shown=command, argv=shell(command), **more))


@pytest.fixture
def staged(tmp_path):
    @asynccontextmanager
    async def enter() -> AsyncIterator[Stage]:
        events: list[Event] = []
        async with Hooks(events.append, 16) as hooks:
            yield Stage(hooks, tmp_path, events)
            await hooks.finish(PATIENCE)

    return enter


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        ("true", ""),
        ("echo fine", ""),
        ("exit 3 #", "exit status 3"),
        ("{ echo chatter; echo; echo no route >&2; echo more >&2; exit 4; } #", "exit status 4: no route"),
        ("kill -TERM $$; : #", "killed by SIGTERM"),
        ("printf 'a\\377' >&2; exit 1 #", "exit status 1: a\\xff"),
    ],
)
async def test_what_becomes_of_a_program_is_told(staged, command, failure):
    async with staged() as stage:
        stage.run(command)
    assert stage.done() == [(command, failure)]


async def test_a_command_that_the_shell_cannot_find_is_told_in_its_words(staged):
    async with staged() as stage:
        stage.run("/no/such/program")
    ((_, failure),) = stage.done()
    assert failure.startswith("exit status 127: ")
    assert "/no/such/program" in failure


async def test_a_program_that_cannot_be_started_is_told(staged):
    async with staged() as stage:
        stage.hooks.run("a", Hook(directive="test", shown="x", argv=("/no/such", "x")))
        stage.hooks.run("b", Hook(directive="test", shown="y", argv=("/bin/true", "a\0b")))
    assert sorted(stage.done()) == [
        ("x", "cannot be run: No such file or directory"),
        ("y", "cannot be run: embedded null byte"),
    ]


async def test_words_reach_the_command_as_they_are(staged):
    async with staged() as stage:
        program = quote(stage.script('printf "%s|" "$#" "$@" >> note'))
        argv = shell(f'{program} -a "b c"', "[fd00::1]:80", "* $HOME ;")
        stage.hooks.run(
            "a", Hook(directive="test", shown="x", argv=("/bin/sh", "-c", 'cd "$0"; exec "$@"', str(stage.home), *argv))
        )
    assert stage.noted() == ["4|-a|b c|[fd00::1]:80|* $HOME ;|"]


async def test_a_lane_is_in_order_and_a_later_word_replaces_one_that_waits(staged):
    async with staged() as stage:
        gate = stage.home / "gate"
        os.mkfifo(gate)
        stage.run(f"read x < '{gate}'; echo 1 >> '{stage.note}' #", place="a")
        stage.run("echo other lane #", lane="other")
        await until(lambda: len(stage.done()) == 1)
        stage.run(f"echo 2 >> '{stage.note}' #", place="a")
        stage.run(f"echo 3 >> '{stage.note}' #", place="b")
        stage.run(f"echo 4 >> '{stage.note}' #", place="a")
        gate.write_text("go\n")
    assert stage.noted() == ["1", "3", "4"]


async def test_what_is_being_said_is_not_said_again_unless_it_changed_meanwhile(staged):
    async with staged() as stage:
        gate = stage.home / "gate"
        os.mkfifo(gate)
        stop, start = f"echo stop >> '{stage.note}' #", f"read x < '{gate}'; echo start >> '{stage.note}' #"
        stage.run(start, says_state=True)
        await until(lambda: stage.hooks._queues["lane"].running is not None)
        stage.run(stop, says_state=True)
        stage.run(start, says_state=True)
        gate.write_text("go\n")
        await until(lambda: stage.noted() == ["start"])
    assert stage.noted() == ["start"]


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "], ids=["polite", "deaf"])
async def test_an_overrunning_program_is_ended_with_all_it_started(staged, trap):
    async with staged() as stage:
        stage.run(f"{trap}sleep 600 & echo $! >> '{stage.note}'; wait; wait; sleep 600 #", limit=0.3)
        await until(lambda: bool(stage.done()))
        (pid,) = stage.noted()
        await until(lambda: not alive(int(pid)))
    assert stage.done()[0][1] == "it had not ended after 0.3 seconds, and was ended"


async def test_the_end_does_not_wait_for_ever(staged):
    async with staged() as stage:
        stage.run("sleep 600 #")
        await until(lambda: stage.hooks._queues["lane"].running is not None)
        await stage.hooks.finish(0.1)
    assert stage.done() == [("sleep 600 #", "it was ended, because the director ends")]


async def test_what_waits_behind_a_program_that_hangs_has_its_turn_at_the_end(staged):
    async with staged() as stage:
        stage.run("sleep 600 #")
        await until(lambda: stage.hooks._queues["lane"].running is not None)
        stage.run(f"echo stop >> '{stage.note}' #")
        await stage.hooks.finish(12)
    assert stage.noted() == ["stop"]
    assert [failure for _, failure in stage.done()] == ["it was ended, because the director ends", ""]


async def test_what_waits_for_a_place_has_its_turn_at_the_end(staged):
    async with staged() as stage:
        for lane in range(16):
            stage.run("sleep 600 #", lane=str(lane))
        await until(lambda: all(lane.running is not None for lane in stage.hooks._queues.values()))
        stage.run(f"echo stop >> '{stage.note}' #", lane="another")
        await stage.hooks.finish(12)
    assert stage.noted() == ["stop"]


async def test_what_is_never_run_is_told(staged):
    async with staged() as stage:
        stage.run("sleep 600 #", place="start")
        await until(lambda: stage.hooks._queues["lane"].running is not None)
        for number in (1, 2):
            stage.run(f"sleep {number}00 #", place=number)
        await stage.hooks.finish(0.4)
    not_run = "it was not run: the director has ended, and what ran before it took too long"
    assert ("sleep 200 #", not_run) in stage.done()


async def test_daemons_do_not_inherit_what_systemd_tells_us_alone(staged, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    monkeypatch.setenv("KEPT", "yes")
    async with staged() as stage:
        stage.run(f"echo ${{NOTIFY_SOCKET-none}} $KEPT $PWD >> '{stage.note}' #")
    assert stage.noted() == ["none yes /"]


async def test_errors_pass_as_they_are_and_leave_no_program_behind(staged):
    notes: list[str] = []

    async def fail() -> None:
        async with staged() as stage:
            stage.run(f"echo $$ >> '{stage.note}'; sleep 600 #")
            await until(lambda: bool(stage.noted()))
            notes.extend(stage.noted())
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert not alive(int(notes[0]))


# fallbackcommand


def virtual(key: VirtualKey, command: str | None, **more) -> Virtual:
    return Virtual(key=key, settings=SETTINGS, fallbackcommand=command, **more)


@dataclass
class Telling:
    """A fallbackcommand at work on a configuration that may change."""

    stage: Stage
    config: Config
    standby: bool = False
    observer: FallbackCommand = field(init=False)

    def __post_init__(self) -> None:
        self.observer = FallbackCommand(lambda: self.config, self.stage.hooks, lambda: self.standby)

    async def become(self, role: Role) -> None:
        self.standby = role is Role.STANDBY
        self.observer(RoleChanged(None, role, "/run/role"))
        await self.quiet()

    async def serving(self, key: VirtualKey, *words: bool) -> None:
        for serving in words:
            self.observer(ServingChanged(key, serving, fallback=False))
            await self.quiet()

    async def reload(self, *virtuals: Virtual) -> None:
        self.config = Config(path="x", virtuals=virtuals)
        self.observer(Reloaded("x", ()))
        await self.quiet()

    async def quiet(self) -> None:
        await until(lambda: not self.stage.hooks._queues)


@pytest.fixture
def telling(staged):
    @asynccontextmanager
    async def enter(*virtuals: Callable[[str], Virtual]) -> AsyncIterator[Telling]:
        async with staged() as stage:
            command = stage.script(f'echo "$*" >> "{stage.note}"')
            yield Telling(stage, Config(path="x", virtuals=tuple(each(quote(command)) for each in virtuals)))

    return enter


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (WEB, "10.0.0.1:80 tcp"),
        (DNS6, "[fd00::1]:53 udp"),
        (MarkKey(7), "7 fwm"),
        (MarkKey(7, 6), "7 fwm6"),
    ],
)
async def test_the_command_is_told_of_its_virtual_and_only_of_changes(telling, key, words):
    async with telling(lambda command: virtual(key, f"{command} -g")) as told:
        await told.serving(key, False, False, True, True, False)
        assert told.stage.noted() == [f"-g start {words}", f"-g stop {words}", f"-g start {words}"]


async def test_a_reload_repeats_nothing_and_undoes_what_leaves(telling):
    async with telling(lambda command: virtual(WEB, command), lambda command: virtual(DNS6, command)) as told:
        command = told.config.virtuals[0].fallbackcommand
        await told.serving(WEB, False)
        await told.serving(DNS6, True)
        said = ["start 10.0.0.1:80 tcp", "stop [fd00::1]:53 udp"]
        await told.reload(*told.config.virtuals)
        assert told.stage.noted() == said
        await told.reload(virtual(WEB, f"{command} new"), virtual(DNS6, None))
        assert told.stage.noted() == (said := [*said, "stop 10.0.0.1:80 tcp", "new start 10.0.0.1:80 tcp"])
        await told.reload(virtual(DNS6, None))
        assert told.stage.noted() == [*said, "new stop 10.0.0.1:80 tcp"]


async def test_at_the_end_it_is_undone_for_virtuals_that_leave_the_table(telling):
    mark = MarkKey(7)
    async with telling(
        lambda command: virtual(WEB, command),
        lambda command: virtual(DNS6, command, cleanstop=False),
        lambda command: virtual(mark, command),
    ) as told:
        await told.serving(WEB, False)
        await told.serving(DNS6, False)
        await told.serving(mark, True)
        told.stage.note.unlink()
        told.observer.leave()
    assert told.stage.noted() == ["stop 10.0.0.1:80 tcp"]


async def test_a_standby_tells_no_fallbackcommand_and_catches_up_when_it_becomes_active(telling):
    async with telling(lambda command: virtual(WEB, command)) as told:
        await told.become(Role.STANDBY)
        await told.serving(WEB, True, False)
        assert told.stage.noted() == []
        await told.become(Role.ACTIVE)
        assert told.stage.noted() == ["start 10.0.0.1:80 tcp"]
        await told.become(Role.STANDBY)
        await told.serving(WEB, True, False)
        await told.become(Role.ACTIVE)  # nothing has changed since it was told last
        await told.serving(WEB, True)
        assert told.stage.noted() == ["start 10.0.0.1:80 tcp", "stop 10.0.0.1:80 tcp"]


async def test_a_standby_runs_no_callback(staged):
    standby = True
    async with staged() as stage:
        command = stage.script(f'echo "$*" >> "{stage.note}"')
        observer = Callback(lambda: Config(path="x", callback=command), stage.hooks, lambda: standby)
        observer(ConfigChanged("/etc/l.cf", reread=True))
        standby = False
        observer(ConfigChanged("/etc/m.cf", reread=True))
        await until(lambda: stage.noted() == ["/etc/m.cf"])


# callback and execute


async def test_the_callback_gets_the_path_of_the_file_and_runs_for_each_change(staged):
    async with staged() as stage:
        program = stage.script(f'echo "$# $1" >> "{stage.note}"', "call back")
        observer = Callback(lambda: Config(path="x", callback=program), stage.hooks)
        observer(ConfigChanged("/etc/l d.cf", reread=False))
        await until(lambda: len(stage.noted()) == 1)
        observer(ConfigChanged("/etc/l d.cf", reread=True))
    assert stage.noted() == ["1 /etc/l d.cf"] * 2


async def test_a_callback_that_is_no_program_is_told(staged):
    async with staged() as stage:
        observer = Callback(lambda: Config(path="x", callback="/bin/true -x"), stage.hooks)
        observer(ConfigChanged("/etc/l.cf", reread=False))
    assert stage.done() == [("/bin/true -x /etc/l.cf", "cannot be run: No such file or directory")]


async def test_instances_start_reload_and_stop_with_the_director(staged):
    async with staged() as stage:
        program = stage.script(f'echo "$*" >> "{stage.note}"; [ "$1 $2" != "two.cf reload" ]', "a program")
        configured = Config(path="x", execute=('"one file.cf"', "two.cf", "two.cf", " "))
        observer = Execute(lambda: configured, ("/bin/sh", program), stage.hooks)

        async def tell(event: Event | None, *, stays: bool = False) -> list[str]:
            stage.note.write_text("")
            observer(event) if event else observer.leave(stays=stays)
            await until(lambda: not stage.hooks._queues)
            return sorted(stage.noted())

        assert await tell(Started(1, 1)) == ["one file.cf start", "two.cf start"]
        assert await tell(Reloaded("x", ())) == ["one file.cf reload", "two.cf reload", "two.cf start"]
        configured = replace(configured, execute=("two.cf", "three.cf"))
        assert await tell(Reloaded("x", ())) == [
            "one file.cf stop",
            "three.cf start",
            "two.cf reload",
            "two.cf start",
        ]
        assert await tell(None) == ["three.cf stop", "two.cf stop"]
        assert await tell(None, stays=True) == ["--leave-table three.cf stop", "--leave-table two.cf stop"]
