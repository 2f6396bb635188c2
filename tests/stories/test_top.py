"""The screen of `ldirectorctl top` before a daemon that runs, driven by Textual's own pilot."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from ldirectord_py.cli.ctl.remote.daemon import Daemon as Remote
from ldirectord_py.cli.ctl.screen.app import Top
from ldirectord_py.cli.ctl.screen.board import COLUMNS
from ldirectord_py.cli.ctl.screen.live_table import LiveTable
from tests.stories.daemon import PATIENCE, VIP, Daemon

WEB = f"tcp:{VIP}"


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """Return a daemon whose three servers are up."""
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    return daemon


class Screen:
    """What is on the screen, and what is done before it."""

    def __init__(self, top: Top, pilot: Pilot[None]) -> None:
        self.top = top
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    def services(self) -> list[list[str]]:
        table: DataTable[Any] = self.top.screen_stack[0].query_one("#services", DataTable)
        return [[str(cell) for cell in table.get_row_at(number)] for number in range(table.row_count)]

    async def until(self, come_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not come_true():
            assert time.monotonic() < deadline, (self.head, self.rows)
            await self._pilot.pause(0.05)

    @property
    def head(self) -> str:
        return str(self.top.screen_stack[0].query_one("#head", Static).content)

    @property
    def rows(self) -> list[list[str]]:
        table: DataTable[Any] = self.top.screen_stack[0].query_one("#servers", DataTable)
        return [[str(cell) for cell in table.get_row_at(number)] for number in range(table.row_count)]

    @property
    def question(self) -> str:
        return " ".join(str(each.content) for each in self.top.screen.query("#question").results(Static))

    async def resize(self, columns: int) -> None:
        await self._pilot.resize_terminal(columns, 24)
        await self.until(lambda: self.top.size.width == columns and self._whole)

    @property
    def _whole(self) -> bool:
        """Whether each column that is shown has room, and each cell of it that is no name."""
        tables = [self.top.query_one(f"#{name}", LiveTable) for name in ("services", "servers")]
        return all(
            table.virtual_size.width <= table.size.width
            and all(
                len(str(cell)) <= column.width
                for row in range(table.row_count)
                for column, cell in zip(table.ordered_columns, table.get_row_at(row), strict=True)
            )
            for table in tables
        )

    @property
    def titles(self) -> list[str]:
        table: DataTable[Any] = self.top.query_one("#servers", DataTable)
        return [str(column.label).rstrip(" ↓↑") for column in table.ordered_columns]

    def status(self, server: str) -> str:
        return next((row[2] for row in self.rows if row[1] == server), "")


@asynccontextmanager
async def screen(home: Path) -> AsyncIterator[Screen]:
    """Show the servers of the daemon that runs in *home*."""
    top = Top(Remote(home / "ldirectord.story.cf.sock"))
    async with top.run_test(size=(140, 30)) as pilot:
        shown = Screen(top, pilot)
        await shown.until(
            lambda: len(top.query("#head, #services, #servers")) == 3
        )  # on a busy machine it takes a while
        yield shown


async def test_servers_are_shown_as_they_are_and_as_they_become(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        assert {row[2] for row in shown.rows} == {"up"}
        assert shown.head.startswith("story.cf, pid ")
        running.sites["two"].sick()
        await shown.until(lambda: shown.status(running.addresses["two"]) == "down")
        assert shown.rows[0][1] == running.addresses["two"]
        detail = str(shown.top.query_one("#detail", Static).content)
        assert detail.startswith(f"{shown.top.selected}: ")


async def test_a_terminal_of_any_width_shows_whole_columns_and_every_key(running: Daemon) -> None:
    """With 130 columns there is room for everything, with 80 for what matters most."""
    everything = [column.title for column in COLUMNS]
    found = []
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3 and shown.titles == everything)
        for columns in (80, 100, 130):
            await shown.resize(columns)
            keys = shown.top.query("FooterKey").results()
            assert max(key.region.right for key in keys) <= columns
            found.append(shown.titles)
    assert found[0][:6] == everything[:6]
    assert len(found[0]) < len(found[1]) < len(found[2])
    assert found[2] == everything


async def test_what_is_typed_filters_and_the_table_has_the_keys_again_afterwards(running: Daemon) -> None:
    three = running.addresses["three"]
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        await shown.press("slash", *three[-5:], "enter")
        await shown.until(lambda: [row[1] for row in shown.rows] == [three])
        assert "1 of 3 shown" in shown.head
        await shown.press("escape")
        await shown.until(lambda: len(shown.rows) == 3)
        await shown.press("o")
        await shown.until(lambda: shown.rows == [])


async def test_columns_sort_by_key(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        await shown.press("s", "s")  # from STATUS over FOR to WEIGHT
        await shown.until(lambda: [row[4] for row in shown.rows] == ["3", "2", "1"])
        await shown.press("r")
        await shown.until(lambda: [row[4] for row in shown.rows] == ["1", "2", "3"])


async def test_a_command_is_confirmed_with_a_reason(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        name = shown.top.selected
        assert name is not None
        await shown.press("d")
        await shown.until(lambda: len(shown.top.screen_stack) == 2)
        await shown.press("escape", "d", *"swap", "enter")
        await shown.until(lambda: shown.status(name.partition("@")[0]) == "draining")
        admin = (shown.top.board.row(name) or {})["admin"]
        assert admin["reason"] == "swap"
        await shown.until(lambda: shown.top.selected == name)
        await shown.press("e", "enter")
        await shown.until(lambda: shown.status(name.partition("@")[0]) == "up")


async def test_services_are_shown_and_lead_to_their_servers(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        assert [row[:2] for row in shown.services()] == [[WEB, "3 of 3 up"]]
        running.sites["two"].sick()
        await shown.until(lambda: [row[1] for row in shown.services()] == ["2 of 3 up"])
        await shown.press("shift+tab", "shift+tab", "enter")
        await shown.until(lambda: shown.top.board.filter == WEB)
        assert len(shown.rows) == 3
        await shown.press("v")
        await shown.until(lambda: not shown.top.query_one("#services").display)


async def test_all_servers_of_a_service_are_drained_after_two_questions(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        await shown.press("shift+tab", "shift+tab", "d")
        await shown.until(lambda: shown.question == f"Drain all servers of {WEB}?")
        await shown.press("enter")
        await shown.until(lambda: "nobody would serve" in shown.question)
        await shown.press("enter")
        await shown.until(lambda: [row[2] for row in shown.rows] == ["draining"] * 3)


async def test_the_last_server_is_taken_out_after_a_second_question(running: Daemon) -> None:
    running.write(weights={"one": 3})
    running.tell(signal.SIGHUP)
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 1)
        await shown.press("m", "enter")
        await shown.until(lambda: "nobody would serve" in shown.question)
        assert shown.rows[0][2] == "up"
        await shown.press("enter")
        await shown.until(lambda: shown.rows[0][2] == "maintenance")


async def test_a_daemon_that_ends_is_told_and_its_successor_found(running: Daemon) -> None:
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        assert await asyncio.to_thread(running.end) == 0
        await shown.until(lambda: "has ended" in shown.head)
        running.start()
        await shown.until(lambda: shown.head.startswith("story.cf, pid "))


async def test_the_end_waits_for_nobody(running: Daemon) -> None:
    """Here, for a daemon that stands still while it is asked, by both of the threads that do so."""
    running.tell(signal.SIGSTOP)
    try:
        top = Top(Remote(running.home / "ldirectord.story.cf.sock"))
        async with top.run_test() as pilot:
            threads = [each for each in threading.enumerate() if each.name == "in a thread"]
            assert len(threads) == 2
            await pilot.press("q")
        await asyncio.get_running_loop().shutdown_default_executor()  # as `asyncio.run` does
        assert all(each.is_alive() for each in threads)
    finally:
        running.tell(signal.SIGCONT)
    for each in threads:
        each.join(PATIENCE)
        assert not each.is_alive()


async def test_what_comes_when_the_tables_are_gone_does_no_harm(running: Daemon) -> None:
    """Threads and tables send when they like: also while the screen is taken down after `q`."""
    async with screen(running.home) as shown:
        await shown.until(lambda: len(shown.rows) == 3)
        table = shown.top.query_one("#servers", LiveTable)
        await shown.top.screen.remove_children()
        highlighted = DataTable.RowHighlighted(table, 0, table.coordinate_to_cell_key(table.cursor_coordinate).row_key)
        assert shown.top.post_message(highlighted)
        running.sites["two"].sick()
        two = f"{running.addresses['two']}@{WEB}"
        await shown.until(lambda: (shown.top.board.row(two) or {}).get("state") == "down")
