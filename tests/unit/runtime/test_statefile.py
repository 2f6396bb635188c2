"""What the next director is told, and what it does not believe."""

import asyncio
import json
import math
import os
import re
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.engine.differences import services_in_force
from ldirectord_py.engine.inputs import Commanded, RoleTaken
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.checks.outcome import Reason, down
from ldirectord_py.model.cluster.role import Role, RoleStatus
from ldirectord_py.model.cluster.sync_daemon import StartedSync, SyncDaemon, SyncRole
from ldirectord_py.model.commands import Drain, SetWeight
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import HealthChanged
from ldirectord_py.model.health import Health, State
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.predecessor import StateReading, owned, predecessor, remembered, settings_before, vips_before
from ldirectord_py.runtime.statefile import StateFile
from ldirectord_py.system.identity import boot_id

CONFIG = b"""\
virtual=192.0.2.1:80
\treal=192.0.2.11:80 masq
\treal=192.0.2.12:80 masq
\tservice=http
\trequest="/"
virtual=192.0.2.2:80
\treal=192.0.2.11:80 masq
\tservice=http
\trequest="/"
"""
UP = Health(State.UP, 1000.5, 1, Reason.MISMATCH, "a “soft” failure")
DOWN = Health(State.DOWN, 2000.25, 3, Reason.TIMEOUT, "no answer")


def config() -> Config:
    return parse(CONFIG, "web.cf")


class Complaints(list[str]):
    """Collects warnings."""

    def __call__(self, sentence: str) -> None:
        self.append(sentence)


async def left(path: Path, warn: Complaints) -> Director:
    """Leave the state file of a director whose first server is up, and the others down."""
    director = Director(config(), MemoryTable(), lambda _event: None)
    for server in director.state.servers.values():
        server.health = DOWN
    next(iter(director.state.servers.values())).health = UP
    await StateFile(path, director, warn, lambda: {"sysctls": {}}).write()
    return director


@pytest.fixture
def warn() -> Complaints:
    return Complaints()


async def test_what_was_written_is_remembered(tmp_path: Path, warn: Complaints) -> None:
    path = tmp_path / "state"
    director = await left(path, warn)
    assert remembered(StateReading(path), time.time(), warn) == {
        str(real): server.health for real, server in director.state.servers.items()
    }
    assert owned(StateReading(path)) == tuple(services_in_force(config()))
    assert path.stat().st_mode & 0o777 == 0o600
    assert not warn


async def test_it_says_which_services_have_servers_and_vips(tmp_path: Path, warn: Complaints) -> None:
    path = tmp_path / "state"
    for text in (
        CONFIG,
        CONFIG.replace(b"masq", b"masq 0"),
        b"virtual=192.0.2.1:80\n\tscheduler=rr\n",
        b"vips=yes\n" + CONFIG,
    ):
        directed = parse(text, "web.cf")
        await StateFile(path, Director(directed, MemoryTable(), lambda _event: None), warn).write()
        assert owned(StateReading(path)) == tuple(services_in_force(directed))
    path.write_text(path.read_text().replace('"weight": true, "vips": true, ', ""))  # as former versions wrote it
    assert owned(StateReading(path)) == tuple(services_in_force(config()))


@pytest.mark.parametrize(
    ("change", "later"),
    [({"boot": "another"}, 0), ({"namespace": 1}, 0), ({}, 61), ({}, -61)],
    ids=["another boot", "another namespace", "too old", "from the future"],
)
async def test_what_nobody_can_vouch_for_is_not_believed(
    tmp_path: Path, warn: Complaints, change: dict[str, object], later: float
) -> None:
    path = tmp_path / "state"
    await left(path, warn)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert remembered(StateReading(path), time.time() + later, warn) == {}
    assert path.exists()
    assert not warn


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1}',
        b"[" * 100_000,
        "fresh but broken",
    ],
    ids=["empty", "cut off", "no text", "a list", "another version", "incomplete", "nested", "a server that is none"],
)
async def test_a_broken_file_is_set_aside(tmp_path: Path, warn: Complaints, content: bytes | str) -> None:
    path = tmp_path / "state"
    await left(path, warn)
    if isinstance(content, str):
        path.write_text(path.read_text().replace('"up"', '"sideways"'))
    else:
        path.write_bytes(content)
    assert remembered(StateReading(path), time.time(), warn) == {}
    assert not path.exists()
    (sentence,) = warn
    assert sentence.startswith(f"The state file {path} is set aside as state.broken, since it cannot be used: ")
    assert Path(f"{path}.broken").exists()


@pytest.mark.parametrize("kind", ["a link", "a folder", "a FIFO"])
async def test_what_is_no_regular_file_is_not_read(tmp_path: Path, warn: Complaints, kind: str) -> None:
    path = tmp_path / "state"
    await left(tmp_path / "other", warn)
    if kind == "a link":
        path.symlink_to(tmp_path / "other")
    elif kind == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert remembered(StateReading(path), time.time(), warn) == {}
    assert owned(StateReading(path)) is None
    assert len(warn) == 1
    assert (tmp_path / "other").exists()


async def test_a_file_that_cannot_be_written_is_told_once(tmp_path: Path, warn: Complaints) -> None:
    director = Director(config(), MemoryTable(), lambda _event: None)
    state = StateFile(tmp_path / "no" / "state", director, warn)
    await state.write()
    await state.write()
    (sentence,) = warn
    assert sentence.endswith("so a restart forgets since when: No such file or directory")


async def test_changes_that_come_together_are_written_together(tmp_path: Path, warn: Complaints) -> None:
    path = tmp_path / "state"
    director = Director(config(), MemoryTable(), lambda _event: None)
    state = StateFile(path, director, warn)
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(state.keep())
        written: set[int] = set()
        for real, server in director.state.servers.items():
            server.health = DOWN
            state.observe(HealthChanged(real, UP, DOWN))
            while not path.exists():
                await asyncio.sleep(0)
            written.add(path.stat().st_ino)
        keeping.cancel()
    assert len(written) == 1


async def test_a_director_goes_on_where_the_last_one_ended(tmp_path: Path, warn: Complaints) -> None:
    """The table has the last word about who serves; since when and how many failures is taken over."""
    before = await left(tmp_path / "state", warn)
    one, two, three = before.state.servers
    table = MemoryTable()
    first = Director(config(), table, lambda _event: None)
    first.state.servers[one].health = first.state.servers[three].health = Health(State.UP, 0)
    await first.reconciler.update(list(first.state.virtuals), "start")

    events: list[object] = []
    director = Director(config(), table, events.append)
    await director.start(remembered=remembered(StateReading(tmp_path / "state"), time.time(), warn))
    assert director.state.servers[one].health == Health(State.ADOPTED, UP.since, 1, UP.reason, UP.detail)
    assert director.state.servers[two].health == Health(State.UNKNOWN, DOWN.since)
    assert director.state.servers[three].health.state is State.ADOPTED
    assert director.state.servers[three].health.since > DOWN.since

    plans = {real: plan for plan, reals in director.state.plans.items() for real in reals}
    director.report(plans[two], down(Reason.TIMEOUT, "still"), 0, 0)
    assert director.state.servers[two].health == Health(State.DOWN, DOWN.since, 1, Reason.TIMEOUT, "still")


async def test_what_settings_of_the_kernel_were_is_remembered_until_the_next_boot(tmp_path, warn):
    path = tmp_path / "state"
    assert settings_before(StateReading(path)) == {}
    director = Director(config(), MemoryTable(), lambda _event: None)
    await StateFile(path, director, warn, lambda: {"sysctls": {"net.ipv4.vs.expire_nodest_conn": 0}}).write()
    assert settings_before(StateReading(path)) == {"net.ipv4.vs.expire_nodest_conn": 0}
    assert warn == []
    os.utime(path, (1, 1))  # however long ago
    assert settings_before(StateReading(path)) == {"net.ipv4.vs.expire_nodest_conn": 0}
    path.write_text(path.read_text().replace(boot_id(), "another boot"))
    assert settings_before(StateReading(path)) == {}


@pytest.mark.parametrize("sysctls", ["[1]", '{"a": "b"}', "3", '{"a": null}'])
async def test_settings_that_are_none_are_none(tmp_path, warn, sysctls):
    path = tmp_path / "state"
    await left(path, warn)
    assert '"sysctls": {}' in path.read_text()
    path.write_text(path.read_text().replace('"sysctls": {}', f'"sysctls": {sysctls}'))
    assert settings_before(StateReading(path)) == {}


async def test_vips_that_were_added_are_remembered_until_the_next_boot(tmp_path: Path, warn: Complaints) -> None:
    path = tmp_path / "web.state"
    assert vips_before(StateReading(path)) == ()
    added = {"address": "192.0.2.100", "device": "eth0", "label": "eth0:1"}
    director = Director(config(), MemoryTable(), lambda _event: None)
    await StateFile(path, director, warn, lambda: {"vips": [added]}).write()
    os.utime(path, (1, 1))  # however long ago
    assert vips_before(StateReading(path)) == [added]
    text = path.read_text()
    path.write_text(text.replace(f"[{json.dumps(added)}]", '"eth0"'))
    assert vips_before(StateReading(path)) == ()
    path.write_text(text.replace(boot_id(), "another boot"))
    assert vips_before(StateReading(path)) == ()


async def test_the_role_and_the_sync_daemons_are_remembered_until_the_next_boot(
    tmp_path: Path, warn: Complaints
) -> None:
    path = tmp_path / "web.state"
    one = SyncDaemon(role=SyncRole.BACKUP, device="eth1", sync_id=7, ttl=1)
    other = SyncDaemon(role=SyncRole.MASTER, device="eth1", sync_id=8, group=ip_address("224.0.0.81"), port=8848)
    started = (StartedSync(one, 3), StartedSync(other, 3))
    assert (predecessor(path, 0.0, warn).role, predecessor(path, 0.0, warn).sync) == (None, ())
    director = Director(config(), MemoryTable(), lambda _event: None)
    await StateFile(path, director, warn).write()
    assert predecessor(path, 0.0, warn).role is None  # it has never been told one
    director.take_role(RoleTaken(Role.STANDBY, "/run/role", 5.0))
    await StateFile(path, director, warn, lambda: {"sync": [one.as_json() for one in started]}).write()
    said = predecessor(path, 4000.0, warn)
    assert said.role == RoleStatus(Role.STANDBY, "/run/role", 5.0)
    assert said.sync == started
    for spoiled in (
        {"boot": "another one"},
        {"role": ["x"], "sync": 7},
        {"role": ["active", "x", -1], "sync": ["backup"]},
    ):
        path.write_text(json.dumps(json.loads(path.read_text()) | spoiled))
        said = predecessor(path, 4000.0, warn)
        assert (said.role, said.sync) == (None, ())


async def test_what_operators_have_said_survives_whatever_the_age_of_the_file(tmp_path: Path, warn: Complaints) -> None:
    path = tmp_path / "web.state"
    director = Director(config(), MemoryTable(), lambda _event: None)
    real = next(iter(director.state.servers))
    director.administer(Commanded(Drain(target=real, by="root", reason="a “new” release")))
    director.administer(Commanded(SetWeight(target=real.real.address, weight=5, by="eve", until=5000.0)))
    await StateFile(path, director, warn).write()
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"boot": "another one"}))
    os.utime(path, (0, 0))
    said = predecessor(path, 4000.0, warn)
    assert said.remembered == {}
    assert said.commanded == director.commanded
    assert set(predecessor(path, 5000.0, warn).commanded) == set()
    path.write_text(json.dumps(document | {"commanded": [["x", {"kind": "nonsense"}]]}))
    assert predecessor(path, 4000.0, warn).commanded == {}


HELD = {
    "kind": "weight",
    "by": "eve",
    "since": 1.0,
    "until": None,
    "reason": "",
    "weight": 5,
    "scope": "",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"},
        {"kind": 3},
        {"weight": None},
        {"weight": "heavy"},
        {"weight": math.inf},
        {"weight": math.nan},
        {"weight": -1},
        {"weight": 2**40},
        {"since": math.inf},
        {"since": 1e300},
        {"since": [1]},
        {"until": math.inf},
        {"until": math.nan},
        {"until": 10**400},
    ],
    ids=str,
)
async def test_a_command_that_is_none_costs_no_other_its_place_and_is_told(
    tmp_path: Path, warn: Complaints, wrong: dict[str, object]
) -> None:
    path = tmp_path / "web.state"
    await left(path, warn)
    document = json.loads(path.read_text())
    said = [["192.0.2.11", HELD | wrong], ["192.0.2.12\n", HELD]]
    path.write_text(json.dumps(document | {"commanded": said}))
    assert list(predecessor(path, 4000.0, warn).commanded) == ["192.0.2.12\n"]
    (sentence,) = warn
    begins = f'The state file {path} has 1 commands that are none, and nobody obeys them, such as ["192.0.2.11", '
    assert sentence.startswith(begins)


@pytest.mark.parametrize(
    "commanded", [3, "drain", None, [3], [[]], [["x", "y", "z"]], {"x": {}}, [[["x"], {}]]], ids=str
)
async def test_commands_that_are_none_are_told(tmp_path: Path, warn: Complaints, commanded: object) -> None:
    path = tmp_path / "web.state"
    await left(path, warn)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"commanded": commanded}))
    assert predecessor(path, 4000.0, warn).commanded == {}
    assert len(warn) == 1


@pytest.mark.parametrize("number", ["Infinity", "NaN", "1e300", "1" + "0" * 400], ids=["inf", "nan", "far", "huge"])
@pytest.mark.parametrize("field", ["since", "failures"])
async def test_numbers_that_are_none_are_not_believed(
    tmp_path: Path, warn: Complaints, field: str, number: str
) -> None:
    path = tmp_path / "web.state"
    await left(path, warn)
    path.write_text(re.sub(f'"{field}": [0-9.]+', f'"{field}": {number}', path.read_text()))
    assert predecessor(path, time.time(), warn).remembered == {}
    assert Path(f"{path}.broken").exists()
    path.write_text(
        path.with_name(f"{path.name}.broken").read_text().replace('"sysctls": {}', '"sysctls": {"a": Infinity}')
    )
    assert settings_before(StateReading(path)) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given to others by root alone")
async def test_a_file_of_another_user_counts_only_if_that_is_the_daemon_s(tmp_path: Path, warn: Complaints) -> None:
    path, nobody = tmp_path / "state", 65534
    await left(path, warn)
    names = owned(StateReading(path))
    os.chown(path, nobody, nobody)
    assert owned(StateReading(path)) is None
    assert owned(StateReading(path, nobody + 1)) is None
    assert owned(StateReading(path, nobody)) == names
