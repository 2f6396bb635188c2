"""The Textual application of `ldirectorctl top`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Input, Static

from ldirectord_py.cli.ctl.remote.daemon import Daemon, Refused, now
from ldirectord_py.cli.ctl.remote.feed import Feed, FeedQuestion
from ldirectord_py.cli.ctl.screen.board import MOST_ROWS, Board
from ldirectord_py.cli.ctl.screen.dialog import Confirmation
from ldirectord_py.cli.ctl.screen.lines import head_line, server_line, service_line
from ldirectord_py.cli.ctl.screen.live_table import LiveTable
from ldirectord_py.cli.ctl.screen.services import ServicesSheet
from ldirectord_py.cli.rendering import rich_line
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.system.daemon_thread import in_thread

_CONFLICT = 409
_TICK = 1.0
_AT_ONCE = 200
"""Servers that are shown anew each second; of more, the lengths of time are brought up to date less often."""
_OLD = 5.0
"""Seconds after which it is said how old the picture is: of thousands of servers the daemon is asked less often."""
_PADDING = 1
"""Blanks at both ends of the lines above and below the tables."""
_DETAIL_LINES = 3
_FILTER_HINT = "filter: type / and words such as 'down 10.0.0.'; Escape ends it"
_QUESTION = FeedQuestion(view="full", pause=100)
_COMMANDS = {"drain": "Drain", "maintain": "Take out for maintenance:", "enable": "Enable"}


class Top(App[None]):
    """All virtual services and servers of a daemon, live."""

    TITLE: str | None = "ldirectorctl top"
    CSS = f"""
    #head {{ height: auto; padding: 0 {_PADDING}; background: $boost; }}
    #head.lost {{ background: $error; }}
    #services {{ height: auto; max-height: 35%; margin-bottom: 1; }}
    #filter {{ height: 1; border: none; padding: 0 1; }}
    #servers {{ height: 1fr; }}
    #detail {{ height: {_DETAIL_LINES}; padding: 0 {_PADDING}; background: $boost; }}
    FooterKey .footer-key--key {{ padding: 0 1 0 0; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("d", "give('drain')", "Drain"),
        ("m", "give('maintain')", "Maintain"),
        ("e", "give('enable')", "Enable"),
        ("slash", "filter", "Filter"),
        Binding("escape", "unfilter", "All", show=False),
        ("o", "only_out", "Out"),
        ("s", "sort", "Sort"),
        ("r", "reverse", "Reverse"),
        ("v", "services", "Services"),
        ("q", "quit", "Quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._daemon = daemon
        self._feed = Feed(lambda: daemon, _QUESTION)
        self._status: Mapping[str, Any] = {}
        self._last_shown = 0.0
        self.taken = 0.0
        """When what is shown was so."""
        self.board = Board()
        self.services = ServicesSheet()
        # kept, not looked for: what a thread or a table sends may come when the screen is not up yet, or no more
        self._head = Static("asking the daemon ...", id="head", markup=False)
        self._services = LiveTable(self.services, MOST_ROWS, id="services")
        self._filter = Input(placeholder=_FILTER_HINT, id="filter")
        self._servers = LiveTable(self.board, MOST_ROWS, id="servers")
        self._detail = Static("", id="detail", markup=False)

    def compose(self) -> ComposeResult:
        """See `App.compose`."""
        yield from (self._head, self._services, self._filter, self._servers, self._detail, Footer())

    def on_mount(self) -> None:
        """Begin to ask."""
        self._servers.focus()
        self._poll()
        self._listen()
        self.set_interval(_TICK, self._tick)

    def on_resize(self) -> None:
        """Show what there is room for now."""
        if self._last_shown:
            self.call_later(self._show)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._feed.end()

    # In threads that the end does not wait for: a daemon that hangs does not answer for half a minute.

    @work(group="poll")
    async def _poll(self) -> None:
        await in_thread(partial(self._feed.poll, self._later(self._take), self._later(self._miss)))

    @work(group="listen")
    async def _listen(self) -> None:
        await in_thread(self._feed.listen)

    def _later(self, call: Callable[..., None]) -> Callable[..., None]:
        """Return what has *call* done by the loop of the screen, without waiting for it."""

        def later(*words: Any) -> None:
            self.call_later(call, *words)

        return later

    @property
    def _table(self) -> LiveTable:
        """The table that has the keys: the services' if it is focused, else the servers'."""
        return self._services if self._services.has_focus else self._servers

    def _take(self, status: Mapping[str, Any], virtuals: Sequence[Mapping[str, Any]]) -> None:
        self._status, self.taken = status, now()
        self.board.keep(server for virtual in virtuals for server in virtual["reals"])
        self.services.keep(virtuals)
        self._show()

    def _tick(self) -> None:
        """Show how time goes by; that takes its time with thousands of servers."""
        if now() - self._last_shown >= _TICK * max(1, self.board.total / _AT_ONCE):
            self._show()

    def _miss(self, sentence: str) -> None:
        self._head.add_class("lost")
        self._head.update(printable(sentence))
        self._status = {}

    def _show(self) -> None:
        """Show everything as it is now; only what has changed is drawn."""
        moment = self._last_shown = now()
        self._services.bring_up_to_date(moment)
        shown = self._servers.bring_up_to_date(moment)
        if self._status:
            self._head.remove_class("lost")
            old = moment - self.taken
            which = None if shown == self.board.total else (min(shown, MOST_ROWS), self.board.total)
            line = head_line(self._status, self.services.rows, moment, which, old if old > _OLD else None)
            self._head.update(rich_line(line))
        self._show_detail()

    def _show_detail(self) -> None:
        """Say more of the row that the cursor is on."""
        table = self._table
        row = table.sheet.row(table.selected or "")
        line = service_line if table is self._services else server_line
        self._detail.update(rich_line(line(row, now()), self._detail_room) if row else "")

    @property
    def _detail_room(self) -> tuple[int, int]:
        return self.size.width - 2 * _PADDING, _DETAIL_LINES

    @property
    def selected(self) -> str | None:
        """The name of the row that the cursor is on; None: there is none."""
        return self._table.selected

    def on_data_table_row_highlighted(self) -> None:
        """See `_show_detail`."""
        self._show_detail()

    def on_descendant_focus(self) -> None:
        """See `_show_detail`: another table may have the keys."""
        self._show_detail()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the servers of the virtual service that was chosen."""
        if event.data_table is self._services and event.row_key.value is not None:
            self._filter.value = event.row_key.value
            self._servers.focus()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column whose title was clicked."""
        if isinstance(event.data_table, LiveTable):
            event.data_table.sheet.sort_by(int(event.column_key.value or 0))
            self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        if event.input.id == "filter":
            self.board.filter = event.value
            self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the table with the filter in force."""
        if event.input.id == "filter":
            self._servers.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter.focus()

    def action_unfilter(self) -> None:
        """Go back to the table of all servers."""
        self._filter.value = ""
        self._servers.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        sheet = self._table.sheet
        sheet.sort_by((sheet.column + 1) % len(sheet.columns))
        self._show()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        sheet = self._table.sheet
        sheet.sort_by(sheet.column)
        self._show()

    def action_services(self) -> None:
        """Hide the virtual services, or show them again and give them the keys."""
        self._services.display = not self._services.display
        (self._services if self._services.display else self._servers).focus()

    def action_only_out(self) -> None:
        """Leave out servers that are up, or show them again."""
        self.board.only_out = not self.board.only_out
        self._show()

    def action_give(self, command: str) -> None:
        """Ask for a reason, and have the daemon carry out a command for what the cursor is on."""
        if (name := self.selected) is not None:
            whole = "all servers of " if self._table is self._services else ""
            self._confirm(f"{_COMMANDS[command]} {whole}{name}?", command, name, force=False)

    def _confirm(self, question: str, command: str, name: str, *, force: bool, reason: str = "") -> None:
        def decided(answer: str | None) -> None:
            if answer is not None:
                self._carry_out(command, name, answer, force)

        _ = self.push_screen(Confirmation(printable(question), reason), decided)

    @work(group="commands")
    async def _carry_out(self, command: str, name: str, reason: str, force: bool) -> None:  # noqa: FBT001  # a worker's words
        body: dict[str, Any] = {"command": command, "target": name, "force": force}
        try:
            body |= {"reason": reason} if reason else {}
            answer = await in_thread(partial(self._daemon.post, "/v1/commands", body))
        except Refused as refused:
            if refused.status == _CONFLICT and not force:
                insist = f"{refused}\n\nDo it all the same?"
                self._confirm(insist, command, name, force=True, reason=reason)
                return
            self._report(str(refused), "error")
        except DirectorError as error:
            self._report(str(error), "error")
        else:
            self._report("\n".join([f"{name}: {command}", *answer["notes"]]), "information")
            self._feed.look_again()

    def _report(self, sentence: str, severity: Any) -> None:
        self.notify("\n".join(map(printable, sentence.split("\n"))), severity=severity, markup=False)
