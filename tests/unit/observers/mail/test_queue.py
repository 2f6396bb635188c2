"""Mails on their way: real mail servers that take, refuse, hang and die, and sendmail programs."""

import asyncio
import os
import pwd
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ldirectord_py.model.config import Alerting, AlertStatus, Virtual
from ldirectord_py.model.events import Event, MailDelayed, MailDone, MailQueued, MailsLost
from ldirectord_py.model.table import Settings
from ldirectord_py.observers.mail import queue as post_module
from ldirectord_py.observers.mail.delivery import Patience
from ldirectord_py.observers.mail.message import Alert
from ldirectord_py.observers.mail.queue import MOST, MailQueue
from ldirectord_py.observers.mail.transports import Routes
from tests.peers.mailserver import MailServer, Manner
from tests.peers.patience import PATIENCE, until
from tests.peers.processes import alive
from tests.unit.observers import happenings as the

HOST = "127.0.0.1"
BRISK = Patience(limit=PATIENCE, lifetime=PATIENCE, first=0.05, longest=0.2)
NO_SENDMAIL = ("/no/such/sendmail",)


def alert(
    message: str, server: str | None = HOST, recipients: str = "admin@example.com", *, reminder: bool = False
) -> Alert:
    virtual = Virtual(key=the.WEB, settings=Settings(netmask=32), alerting=Alerting(recipients=recipients, smtp=server))
    return Alert(virtual, message, AlertStatus.RUNNING, 1_000_000_000, reminder)


@dataclass
class Stage:
    post: MailQueue
    events: list[Event] = field(default_factory=list)

    def told(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def failures(self) -> list[str]:
        return [event.failure for event in self.events if isinstance(event, MailDone) and event.failure]


@asynccontextmanager
async def posting(routes: Routes, patience: Patience = BRISK) -> AsyncIterator[Stage]:
    events: list[Event] = []
    async with MailQueue(events.append, routes, patience) as post:
        yield Stage(post, events)
        await post.finish(PATIENCE)
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in waiting if "mail" in task.get_name()]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


async def test_mails_go_in_order_and_through_one_session(server):
    async with posting(Routes(port=server.port)) as stage:
        for number in range(5):
            stage.post.put(alert(f"message {number}"))
        await until(lambda: len(server.mails) == 5)
    assert server.subjects == [f"message {number}" for number in range(5)]
    assert server.sessions == 1
    assert stage.events[:5] == [MailQueued(f"message {number}") for number in range(5)]
    assert stage.events[5:] == [MailDone(f"message {number}", ("admin@example.com",), HOST, "") for number in range(5)]
    first = server.mails[0]
    assert first.helo == "localhost.localdomain"
    assert first.sender == f"{pwd.getpwuid(os.geteuid()).pw_name}@{socket.gethostname()}"


async def test_each_of_several_recipients_is_named_to_the_server(server):
    async with posting(Routes(port=server.port)) as stage:
        stage.post.put(alert("x", recipients="a@example.com, Bob <b@example.com>"))
        await until(lambda: server.mails)
    assert server.mails[0].recipients == ("a@example.com", "b@example.com")
    assert server.mails[0].parsed["To"] == "a@example.com, Bob <b@example.com>"


async def test_a_refused_recipient_keeps_the_mail_from_nobody_else(server):
    server.refused["b@example.com"] = "550 no such user"
    async with posting(Routes(port=server.port)) as stage:
        stage.post.put(alert("x", recipients="a@example.com, b@example.com, bär@example.com"))
        await until(lambda: server.mails)
    assert server.mails[0].recipients == ("a@example.com",)
    assert sorted((event.recipients, event.failure) for event in stage.told(MailDone)) == [
        (("a@example.com",), ""),
        (("b@example.com",), "550 no such user"),
        (("bär@example.com",), "it is no address"),
    ]


async def test_a_recipient_who_is_refused_for_now_gets_the_mail_later_and_once(server):
    server.refused["b@example.com"] = "450 greylisted"
    async with posting(Routes(port=server.port)) as stage:
        stage.post.put(alert("x", recipients="a@example.com, b@example.com"))
        await until(lambda: server.attempts > 2)
        stage.post.put(alert("y"))
        await until(lambda: len(server.mails) == 2)  # not kept waiting by the first
        del server.refused["b@example.com"]
        await until(lambda: len(server.mails) == 3)
    assert [mail.recipients for mail in server.mails] == [
        ("a@example.com",),
        ("admin@example.com",),
        ("b@example.com",),
    ]
    assert stage.failures() == []


async def test_a_server_that_refuses_for_good_is_not_asked_again(server):
    server.manner = Manner.REFUSE
    async with posting(Routes(port=server.port)) as stage:
        stage.post.put(alert("x"))
        await until(stage.failures)
    assert stage.failures() == ["554 not from you"]
    assert server.attempts == 1


@pytest.mark.parametrize("manner", [Manner.DEFER, Manner.DIE, Manner.SHUT], ids=str)
async def test_a_server_that_fails_for_a_while_gets_the_mail_later(server, manner):
    server.manner = manner
    async with posting(Routes(port=server.port)) as stage:
        stage.post.put(alert("x"))
        await until(lambda: server.sessions > 2)
        server.manner = Manner.TAKE
        await until(lambda: server.mails)
    assert server.subjects == ["x"]
    assert stage.failures() == []
    assert len(stage.told(MailDelayed)) == (manner is not Manner.DEFER)


async def test_a_server_that_is_not_there_is_told_once_and_tried_until_mails_expire():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    async with posting(Routes(port=port), replace(BRISK, lifetime=0.5)) as stage:
        stage.post.put(alert("x"))
        await until(stage.failures)
    assert stage.told(MailDelayed) == [MailDelayed(HOST, "connection refused")]
    assert stage.failures() == ["connection refused; given up after 0.5 s"]


async def test_a_name_that_nobody_knows_is_told():
    async with posting(Routes(), replace(BRISK, lifetime=0.1)) as stage:
        stage.post.put(alert("x", "no.such.host.invalid"))
        await until(stage.failures)
    (delayed,) = stage.told(MailDelayed)
    assert delayed.sentence.startswith("its name is not known: ")


async def test_a_server_that_hangs_holds_up_only_its_own_mails(server):
    server.manner = Manner.HANG
    # Two names of one machine are two servers.
    async with posting(Routes(port=server.port), replace(BRISK, limit=2)) as stage:
        stage.post.put(alert("x", "localhost"))
        await until(lambda: server.brought)
        server.manner = Manner.TAKE
        stage.post.put(alert("y"))
        await until(lambda: server.mails)
        assert server.subjects == ["y"]
        await until(lambda: len(server.mails) == 2)
    assert stage.told(MailDelayed) == [MailDelayed("localhost", "no answer within 2 s")]


async def test_a_server_that_greets_nobody_is_given_up_at_the_end_in_time():
    with socket.create_server((HOST, 0)) as silent:
        async with posting(Routes(port=silent.getsockname()[1]), Patience()) as stage:
            stage.post.put(alert("x"))
            stage.post.put(alert("y"))
            await asyncio.sleep(0)
            await stage.post.finish(0.2)
    assert stage.failures() == ["the director ends"] * 2  # and no answer within the server's time


async def test_the_end_tries_once_more_at_once(server):
    server.manner = Manner.DEFER
    async with posting(Routes(port=server.port), Patience(first=3600, longest=3600, lifetime=7200)) as stage:
        stage.post.put(alert("x"))
        await until(lambda: [item.attempts for item in stage.post._deliveries[HOST].waiting.values()] == [1])
        server.manner = Manner.TAKE
        await stage.post.finish(PATIENCE)
    assert server.subjects == ["x"]


async def test_the_end_does_not_ask_for_ever_who_says_later(server):
    server.manner = Manner.DEFER
    async with posting(Routes(port=server.port), Patience()) as stage:
        stage.post.put(alert("x"))
        await stage.post.finish()
    assert stage.failures() == ["451 come back later"]


async def test_when_too_many_wait_old_reminders_go_first_and_one_line_says_so(monkeypatch):
    monkeypatch.setattr(post_module, "MOST", 6)
    with socket.create_server((HOST, 0)) as silent:
        async with posting(Routes(port=silent.getsockname()[1]), Patience()) as stage:
            for number in range(4):
                stage.post.put(alert(f"news {number}"))
                stage.post.put(alert(f"reminder {number}", reminder=True))
            assert len(stage.post._reminders) + len(stage.post._others) == 6
            await stage.post.finish(0.1)
    left = [event.message for event in stage.told(MailDone)]
    assert left == ["news 0", "news 1", "news 2", "reminder 2", "news 3", "reminder 3"]
    assert stage.told(MailsLost) == [MailsLost(2, 2)]


async def test_where_no_reminder_waits_the_oldest_mail_goes_but_not_the_one_under_way(server, monkeypatch):
    monkeypatch.setattr(post_module, "MOST", 3)
    server.manner = Manner.HANG
    async with posting(Routes(port=server.port), replace(BRISK, limit=1)) as stage:
        stage.post.put(alert("0"))
        await until(lambda: server.brought)
        for number in range(1, 5):
            stage.post.put(alert(str(number)))
        server.manner = Manner.TAKE
        await until(lambda: len(server.mails) == 3)
    assert server.subjects == ["0", "3", "4"]
    assert stage.told(MailsLost) == [MailsLost(2, 0)]


async def test_a_flood_costs_the_loop_little():
    with socket.create_server((HOST, 0)) as silent:
        async with posting(Routes(port=silent.getsockname()[1]), Patience()) as stage:
            begun = time.process_time()
            for number in range(10 * MOST):
                stage.post.put(alert(str(number), reminder=bool(number % 2)))
            assert time.process_time() - begun < 2
            await stage.post.finish(0.1)
    assert sum(event.count for event in stage.told(MailsLost)) == 9 * MOST


# Without a mail server: the machine's own sendmail.


def sendmail(home: Path, text: str, port: int = 1) -> Routes:
    path = home / "sendmail"
    path.write_text(f"#!/bin/sh\ncd '{home}'\n{text}\n")
    path.chmod(0o755)
    return Routes(port=port, sendmail=("/no/such/sendmail", str(path)))  # by default nobody serves that port


async def test_without_a_server_sendmail_takes_the_mail(tmp_path):
    async with posting(sendmail(tmp_path, 'echo "$@" > words; cat > mail')) as stage:
        stage.post.put(alert("x", None, "a@example.com, b@example.com"))
        await until(lambda: stage.told(MailDone))
    assert (tmp_path / "words").read_text() == "-i -t\n"
    text = (tmp_path / "mail").read_bytes()
    assert text.startswith(b"To: a@example.com, b@example.com\nSubject: x\nDate: ")
    assert b"\r" not in text
    assert stage.told(MailDone) == [MailDone("x", ("a@example.com", "b@example.com"), None, "")]


async def test_a_sendmail_that_fails_is_told_in_its_words(tmp_path):
    async with posting(sendmail(tmp_path, "cat > /dev/null; echo no such user >&2; exit 67")) as stage:
        stage.post.put(alert("x", None))
        await until(stage.failures)
    assert stage.failures() == [f"{tmp_path}/sendmail: exit status 67: no such user"]


async def test_a_sendmail_that_cannot_take_it_now_is_asked_again(tmp_path):
    async with posting(sendmail(tmp_path, "echo >> tried; test -e ready || exit 75; cat > mail; touch done")) as stage:
        stage.post.put(alert("x", None))
        await until((tmp_path / "tried").exists)
        (tmp_path / "ready").touch()
        await until((tmp_path / "done").exists)
    assert b"Subject: x\n" in (tmp_path / "mail").read_bytes()
    assert stage.failures() == []


async def test_a_sendmail_that_hangs_is_ended(tmp_path):
    async with posting(sendmail(tmp_path, "echo $$ > pid; exec sleep 600"), replace(BRISK, limit=1)) as stage:
        stage.post.put(alert("x", None))
        await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        pid = int((tmp_path / "pid").read_text())
        await until(lambda: stage.told(MailDelayed))
        await until(lambda: not alive(pid))
        await stage.post.finish(0.5)
    assert stage.told(MailDelayed) == [MailDelayed(None, "no answer within 1 s")]


async def test_where_sendmail_fails_this_machines_mail_server_is_asked(server, tmp_path):
    async with posting(sendmail(tmp_path, "exit 1", server.port)) as stage:
        stage.post.put(alert("x", None))
        await until(lambda: server.mails)
    assert server.subjects == ["x"]
    assert stage.failures() == []


async def test_where_both_fail_what_sendmail_says_is_told(server, tmp_path):
    server.manner = Manner.DIE
    async with posting(sendmail(tmp_path, "echo 'cannot become exim' >&2; exit 1", server.port)) as stage:
        stage.post.put(alert("x", None))
        await until(stage.failures)
    assert stage.failures() == [f"{tmp_path}/sendmail: exit status 1: cannot become exim"]


async def test_a_sendmail_that_cannot_be_run_is_told(tmp_path):
    path = tmp_path / "sendmail"
    path.write_text("#!/no/such/shell\n")
    path.chmod(0o755)
    async with posting(Routes(port=1, sendmail=(str(path),)), replace(BRISK, lifetime=0.1)) as stage:
        stage.post.put(alert("x", None))
        await until(stage.failures)
    assert stage.failures() == [f"{path} cannot be run: No such file or directory; given up after 0.1 s"]


async def test_without_any_sendmail_this_machine_is_asked_at_the_port_for_mail(server):
    async with posting(Routes(port=server.port, sendmail=NO_SENDMAIL)) as stage:
        stage.post.put(alert("x", None))
        await until(lambda: server.mails)
    assert server.subjects == ["x"]
    assert stage.told(MailDone) == [MailDone("x", ("admin@example.com",), None, "")]


async def test_nobody_to_tell_is_nothing_to_do():
    async with posting(Routes()) as stage:
        stage.post.put(alert("x", recipients=" , "))
    assert stage.events == []


async def test_errors_pass_as_they_are():
    with pytest.raises(KeyError):
        async with posting(Routes()):
            raise KeyError
