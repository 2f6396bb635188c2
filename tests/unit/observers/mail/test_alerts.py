"""Which changes are told by mail: a director on a table in memory, and what it would have sent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from ldirectord_py.engine.inputs import RoleTaken
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.config import Alerting, AlertStatus, Config, Virtual
from ldirectord_py.model.events import Event, Reloaded
from ldirectord_py.model.service import MarkKey, RealKey
from ldirectord_py.model.table import Service, TableState
from ldirectord_py.observers.mail.alerts import MailAlerts
from ldirectord_py.observers.mail.message import Alert
from ldirectord_py.runtime.director import Director
from tests.peers.patience import until
from tests.unit.runtime.test_director import (
    FALLBACK,
    REFUSED,
    SETTINGS,
    WEB,
    config,
    entry,
    polled,
    server,
    virtual,
)

OTHER = MarkKey(7)
ONE, TWO = "10.9.0.1:80 (10.9.9.1:80)", "10.9.0.2:80 (10.9.9.1:80)"
AT_FALLBACK = "127.0.0.1:80 (10.9.9.1:80)"


def alerting(**more) -> Alerting:
    return Alerting(recipients="admin@example.com", **more)


def web(*weights: int, frequency: int = 0, status: AlertStatus = AlertStatus.ALL, **more) -> Virtual:
    return virtual(*weights, alerting=alerting(frequency=frequency, status=status), **({"fallback": None} | more))


@dataclass
class Stage:
    """A director, what mails its events lead to, and everything that it has told."""

    director: Director
    table: MemoryTable
    alerts: MailAlerts
    mails: list[Alert] = field(default_factory=list)

    def fresh(self) -> list[str]:
        """Return what has been told since this was asked last, with the daemon's status."""
        told = [f"{(mail.status.name or '').lower()}: {mail.message}" for mail in self.mails]
        self.mails.clear()
        return told

    async def report(self, *outcomes: tuple[int, object]) -> None:
        for number, outcome in outcomes:
            self.director.report(polled(number), outcome, 0.001, 0.0)
        await self.known()

    async def known(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def reload(self, *virtuals: Virtual, files: Mapping[RealKey, str] | None = None) -> None:
        await self.director.reload(config(*virtuals), files or {})
        self.alerts(Reloaded("test.cf", ()))
        await self.known()


@asynccontextmanager
async def directing(
    *virtuals: Virtual, found: TableState | None = None, files: Mapping[RealKey, str] | None = None
) -> AsyncIterator[Stage]:
    table = MemoryTable(found)
    mails: list[Alert] = []

    def tell(event: Event) -> None:
        alerts(event)

    director = Director(config(*virtuals), table, tell)

    def current() -> Config:
        return director.config

    alerts = MailAlerts(current, mails.append, held=lambda: director.role.role is Role.STANDBY)
    async with asyncio.TaskGroup() as tasks:
        await director.start(files or {})
        follower = tasks.create_task(director.table.follow())
        yield Stage(director, table, alerts, mails)
        follower.cancel()
        alerts.leave()


async def test_a_servers_life_with_the_daemons_status():
    async with directing(web(3, 2)) as stage:
        await stage.report((1, up()))
        assert stage.fresh() == [f"starting: Added real server: {ONE} (Weight set to 3)"]
        await stage.report((2, up()))
        # The last one that is asked belongs to the start too, although it is written when all have been.
        assert stage.fresh() == [f"starting: Added real server: {TWO} (Weight set to 2)"]
        await stage.report((1, REFUSED))
        assert stage.fresh() == [f"running: Deleted real server: {ONE}"]
        await stage.report((1, up()))
        assert stage.fresh() == [f"running: Added real server: {ONE} (Weight set to 3)"]
        stage.alerts.leave()
        await stage.director.table.leave()
        assert stage.fresh() == [
            f"stopping: Purged real server (stop): {TWO}",
            f"stopping: Purged real server (stop): {ONE}",
        ]


async def test_a_quiescent_server_is_called_so_but_not_because_it_has_not_been_asked():
    async with directing(web(3, 2, quiescent=True)) as stage:
        assert stage.table.state[WEB].destinations[server(1)].weight == 0
        assert stage.fresh() == []
        await stage.report((1, up()), (2, up()))
        assert stage.fresh() == [
            f"starting: Restored real server: {ONE} (Weight set to 3)",
            f"starting: Restored real server: {TWO} (Weight set to 2)",
        ]
        await stage.report((1, REFUSED))
        assert stage.fresh() == [f"running: Quiescent real server: {ONE} (Weight set to 0)"]


async def test_who_is_out_is_not_told_again_at_the_end():
    async with directing(web(3, 2, quiescent=True)) as stage:
        await stage.report((1, up()), (2, REFUSED))
        stage.fresh()
        stage.alerts.leave()
        await stage.director.table.leave()
        assert stage.fresh() == [f"stopping: Purged real server (stop): {ONE}"]


async def test_what_somebody_took_out_and_is_put_back_with_weight_0_is_called_quiescent():
    async with directing(web(3, quiescent=True)) as stage:
        stage.director.state.config = replace(stage.director.config, readdquiescent=True)
        await stage.report((1, up()))
        await stage.report((1, REFUSED))
        stage.fresh()
        stage.table.state = {WEB: Service(stage.table.state[WEB].settings, {})}
        await stage.director.reconciler.reconcile()
        assert stage.fresh() == [f"running: Quiescent real server: {ONE} (Weight set to 0)"]


async def test_who_is_dead_from_the_start_is_told_once_since_no_change_tells():
    async with directing(web(3, 2)) as stage:
        await stage.report((1, REFUSED), (2, up()))
        await stage.report((1, REFUSED))
        assert stage.fresh() == [
            f"starting: Inaccessible real server: {ONE}",
            f"starting: Added real server: {TWO} (Weight set to 2)",
        ]


async def test_who_serves_when_we_come_is_no_news():
    found = {WEB: Service(SETTINGS, {server(1): entry(3)})}
    async with directing(web(3), found=found) as stage:
        await stage.report((1, up()))
        assert stage.fresh() == []
        await stage.report((1, REFUSED))
        assert stage.fresh() == [f"running: Deleted real server: {ONE}"]


async def test_who_is_foreign_when_we_come_is_purged():
    found = {WEB: Service(SETTINGS, {server(9): entry(3)})}
    async with directing(web(3), found=found) as stage:
        assert stage.fresh() == ["starting: Purged real server (start): 10.9.0.9:80 (10.9.9.1:80)"]


# Fallbacks.


def falling_back(*weights: int, **more) -> Virtual:
    return web(*weights, **({"fallback": virtual().fallback} | more))


async def test_a_fallback_that_stands_in_until_servers_have_been_asked_is_not_told():
    async with directing(falling_back(3)) as stage:
        assert FALLBACK in stage.table.state[WEB].destinations
        await stage.report((1, up()))
        assert FALLBACK not in stage.table.state[WEB].destinations
        assert stage.fresh() == [f"starting: Added real server: {ONE} (Weight set to 3)"]
        await stage.report((1, REFUSED))
        assert sorted(stage.fresh()) == [
            f"running: Added fallback server: {AT_FALLBACK} (Weight set to 1)",
            f"running: Deleted real server: {ONE}",
        ]
        await stage.report((1, up()))
        assert sorted(stage.fresh()) == [
            f"running: Added real server: {ONE} (Weight set to 3)",
            f"running: Deleted fallback server: {AT_FALLBACK}",
        ]


async def test_a_fallback_that_remains_is_told_once_all_have_been_asked():
    async with directing(falling_back(3)) as stage:
        await stage.report((1, REFUSED))
        assert stage.fresh() == [
            f"starting: Inaccessible real server: {ONE}",
            f"starting: Added fallback server: {AT_FALLBACK} (Weight set to 1)",
        ]
        stage.alerts.leave()
        await stage.director.table.leave()
        assert stage.fresh() == []  # the fallback goes with its virtual


# Reloads.


async def test_a_reload_tells_of_what_it_changed_and_of_nothing_else():
    async with directing(web(3, 2)) as stage:
        await stage.report((1, up()), (2, up()))
        stage.fresh()
        await stage.reload(web(3, 2))
        assert stage.fresh() == []
        await stage.report((2, REFUSED))
        assert stage.fresh() == [f"running: Deleted real server: {TWO}"]
        await stage.reload(web(5, 2, 1))
        assert stage.fresh() == [f"reloading: Restored real server: {ONE} (Weight set to 5)"]
        await stage.report((1, REFUSED))
        assert stage.fresh() == [f"reloading: Deleted real server: {ONE}"]
        await stage.report((3, up()))
        assert stage.fresh() == ["reloading: Added real server: 10.9.0.3:80 (10.9.9.1:80) (Weight set to 1)"]
        await stage.report((1, up()))
        assert stage.fresh() == [f"running: Added real server: {ONE} (Weight set to 5)"]
        await stage.reload(web(5, 2))
        assert stage.fresh() == ["reloading: Purged real server (start): 10.9.0.3:80 (10.9.9.1:80)"]
        await stage.report((1, REFUSED))
        assert stage.fresh() == [f"running: Deleted real server: {ONE}"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (AlertStatus.NONE, []),
        (AlertStatus.STARTING, ["starting"]),
        (AlertStatus.RUNNING, ["running"]),
        (AlertStatus.RELOADING, ["reloading"]),
        (AlertStatus.STOPPING, ["stopping"]),
        (AlertStatus.ALL, ["starting", "running", "reloading", "stopping"]),
    ],
    ids=str,
)
async def test_mail_is_sent_in_the_states_that_are_asked_for(status, expected):
    async with directing(web(3, status=status)) as stage:
        await stage.report((1, up()))
        await stage.report((1, REFUSED))
        await stage.report((1, up()))
        await stage.reload(web(7, status=status))
        stage.alerts.leave()
        await stage.director.table.leave()
        states = [each.partition(":")[0] for each in stage.fresh()]
        assert list(dict.fromkeys(states)) == expected


# Reminders.


def hasten(stage: Stage, seconds: float) -> None:
    """Let so much time pass for whoever is out."""
    for real in list(stage.alerts._out):
        stage.alerts._out[real] -= seconds
        stage.alerts._remind_later(real)


async def test_who_stays_out_is_told_again_and_who_is_back_is_not():
    async with directing(falling_back(3, 2, frequency=100)) as stage:
        await stage.report((1, up()), (2, REFUSED))
        await stage.report((1, REFUSED))
        stage.fresh()
        hasten(stage, 99)
        await stage.known()
        assert stage.fresh() == []
        hasten(stage, 1)
        await until(lambda: len(stage.mails) == 2)
        assert all(mail.reminder for mail in stage.mails)
        assert sorted(stage.fresh()) == [
            f"running: Inaccessible real server: {ONE}",
            f"running: Inaccessible real server: {TWO}",
        ]
        await stage.report((1, up()))
        stage.fresh()
        hasten(stage, 101)
        await until(lambda: stage.mails)
        assert stage.fresh() == [f"running: Inaccessible real server: {TWO}"]
        await stage.report((2, up()))
        stage.fresh()
        assert not stage.alerts._out
        assert not stage.alerts._timers


async def test_reminders_survive_a_reload_and_end_with_their_server():
    async with directing(web(3, 2, frequency=100)) as stage:
        await stage.report((1, REFUSED), (2, REFUSED))
        stage.fresh()
        hasten(stage, 60)
        await stage.reload(web(3, frequency=50))  # the second one leaves; the first one is due at once
        await until(lambda: stage.mails)
        assert stage.fresh() == [f"running: Inaccessible real server: {ONE}"]
        await stage.reload(web(3))
        assert not stage.alerts._timers
        assert len(stage.alerts._out) == 1


async def test_without_a_frequency_nobody_is_reminded():
    async with directing(web(3)) as stage:
        await stage.report((1, REFUSED))
        assert not stage.alerts._timers


async def test_a_server_in_maintenance_is_told_as_a_change_and_reminded_of():
    key = RealKey(WEB, server(1))
    async with directing(web(3, frequency=100), files={key: "10.9.0.1"}) as stage:
        assert stage.fresh() == []  # whoever did it knows
        hasten(stage, 101)
        await until(lambda: stage.mails)
        assert stage.fresh() == [f"starting: Inaccessible real server: {ONE}"]


async def test_a_virtual_without_recipients_is_not_told_of():
    other = replace(web(3), key=OTHER, alerting=Alerting())
    async with directing(replace(web(3), servicename="Shop"), other) as stage:
        await stage.report((1, up()))
        assert [mail.subject for mail in stage.mails] == [f"[Shop] Added real server: {ONE} (Weight set to 3)"]


async def test_who_is_told_only_since_a_reload_is_reminded_of_what_was_out_before():
    silent = replace(web(3), alerting=Alerting(frequency=100))
    async with directing(silent) as stage:
        await stage.report((1, REFUSED))
        assert stage.fresh() == []
        await stage.reload(web(3, frequency=100))
        hasten(stage, 101)
        await until(lambda: stage.mails)
        assert stage.fresh() == [f"running: Inaccessible real server: {ONE}"]


async def test_a_standby_sends_nothing_and_reminds_when_it_is_active_again():
    async with directing(web(3, 2, frequency=1)) as stage:
        await stage.report((1, up()), (2, up()))
        stage.fresh()
        stage.director.take_role(RoleTaken(Role.STANDBY, "/run/role"))
        await stage.report((1, REFUSED))
        assert stage.fresh() == []
        stage.director.take_role(RoleTaken(Role.ACTIVE, "/run/role"))
        await until(lambda: stage.mails)
        assert stage.fresh() == [f"running: Inaccessible real server: {ONE}"]
