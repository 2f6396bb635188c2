"""The Textual application of `ldirectorctl top`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Input, Static

from ldirectord_py.cli.ctl.remote.daemon import Daemon, Refused, now
from ldirectord_py.cli.ctl.remote.feed import Feed, Question
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.words import age, counted
from ldirectord_py.cli.ctl.screen.board import COLUMNS, MOST_ROWS, Board
from ldirectord_py.cli.ctl.screen.dialog import Confirmation
from ldirectord_py.cli.rendering import rich_text
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.text.escaping import printable

_CONFLICT = 409
_TICK = 1.0
_AT_ONCE = 200
"""Servers that are shown anew each second; of more, the lengths of time are brought up to date less often."""
_OLD = 5.0
"""Seconds after which it is said how old the picture is: of thousands of servers the daemon is asked less often."""
_QUESTION = Question(view="full", pause=100)
_COMMANDS = {"drain": "Drain", "maintain": "Take out for maintenance:", "enable": "Enable"}


class Top(App[None]):
    """All servers of a daemon, live."""

    TITLE: str | None = "ldirectorctl top"
    CSS = """
    #head { height: auto; padding: 0 1; background: $boost; }
    #head.lost { background: $error; }
    #filter { height: 1; border: none; padding: 0 1; }
    #servers { height: 1fr; }
    #detail { height: 3; padding: 0 1; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("d", "give('drain')", "Drain"),
        ("m", "give('maintain')", "Maintain"),
        ("e", "give('enable')", "Enable"),
        ("s", "sort", "Sort by next"),
        ("r", "reverse", "Reverse"),
        ("o", "only_out", "Only out"),
        ("slash", "filter", "Filter"),
        ("escape", "unfilter", "Table"),
        ("q", "quit", "Quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._daemon = daemon
        self._feed = Feed(lambda: daemon, _QUESTION)
        self._status: Mapping[str, Any] = {}
        self._taken = self._last_shown = 0.0
        self._shown: dict[str, list[tuple[str, Any]]] = {}
        self.board = Board()

    def compose(self) -> ComposeResult:
        """See `App.compose`."""
        yield Static("asking the daemon ...", id="head", markup=False)
        yield Input(placeholder="filter: type / and words such as 'down 10.0.0.'", id="filter")
        yield DataTable(id="servers", cursor_type="row", zebra_stripes=True)
        yield Static("", id="detail", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to ask."""
        self._table.add_columns(*(column.title for column in COLUMNS))
        self._table.focus()
        self._poll()
        self._listen()
        self.set_interval(_TICK, self._tick)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._feed.end()

    @work(thread=True, group="poll", exit_on_error=True)
    def _poll(self) -> None:
        self._feed.poll(self._later(self._take), self._later(self._miss))

    @work(thread=True, group="listen", exit_on_error=True)
    def _listen(self) -> None:
        self._feed.listen()

    def _later(self, call: Callable[..., None]) -> Callable[..., None]:
        """Return what has *call* done by the loop of the screen, without waiting for it."""

        def later(*words: Any) -> None:
            self.call_later(call, *words)

        return later

    @property
    def _table(self) -> DataTable[Any]:
        return self.query_one("#servers", DataTable)

    def _take(self, status: Mapping[str, Any], virtuals: Sequence[Mapping[str, Any]]) -> None:
        self._status, self._taken = status, now()
        self.board.take(virtuals)
        self._show()

    def _tick(self) -> None:
        """Show how time goes by; that takes its time with thousands of servers."""
        if now() - self._last_shown >= _TICK * max(1, self.board.total / _AT_ONCE):
            self._show()

    def _miss(self, sentence: str) -> None:
        head = self.query_one("#head", Static)
        head.add_class("lost")
        head.update(printable(sentence))
        self._status = {}

    def _show(self) -> None:
        """Show everything as it is now; only what has changed is drawn."""
        moment = self._last_shown = now()
        names = self.board.names(moment)
        if self._status:
            self._show_head(len(names), moment)
        self._show_rows(names[:MOST_ROWS], moment)
        self._show_detail(moment)

    def _show_head(self, shown: int, moment: float) -> None:
        status, counts = self._status, self._status["servers"]
        states = ", ".join(f"{counts[state]:,} {state}" for state in counts if state != "total" and counts[state])
        table = "" if status["table"]["reachable"] and status["table"]["agrees"] else "; the table differs"
        which = "" if shown == self.board.total else f"; {min(shown, MOST_ROWS):,} of {self.board.total:,} shown"
        head = self.query_one("#head", Static)
        head.remove_class("lost")
        old = moment - self._taken
        table += f"; as it was {age(old)} ago" if old > _OLD else ""
        about = f"{status['instance']}, pid {status['pid']}, for {age(moment - status['started'])}"
        head.update(printable(f"{about}: {counted(counts['total'], 'server')}: {states}{table}{which}"))

    def _show_rows(self, names: Sequence[str], moment: float) -> None:
        table = self._table
        cells = {name: [(cell.text, cell.style) for cell in self.board.cells(name, moment)] for name in names}
        if list(cells) != list(self._shown):
            selected, top = self.selected, table.scroll_offset
            table.clear()
            for name, row in cells.items():
                table.add_row(*(rich_text(*cell) for cell in row), key=name)
            if selected in cells:
                table.move_cursor(row=list(cells).index(selected), scroll=False)
            table.scroll_to(*top, animate=False)
        else:
            columns = list(table.columns)
            for name, row in cells.items():
                for number, (cell, before) in enumerate(zip(row, self._shown[name], strict=True)):
                    if cell != before:
                        table.update_cell(name, columns[number], rich_text(*cell), update_width=True)
        self._shown = cells

    def _show_detail(self, moment: float) -> None:
        server = self.board.server(self.selected or "")
        text = f"{server['name']}: {servers.words(server, moment)}" if server else ""
        self.query_one("#detail", Static).update(printable(text))

    @property
    def selected(self) -> str | None:
        """The name of the server that the cursor is on; None: there is none."""
        table = self._table
        if not table.is_valid_row_index(table.cursor_row):
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    def on_data_table_row_highlighted(self) -> None:
        """Say more of the server that the cursor is on."""
        self._show_detail(now())

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column whose title was clicked."""
        self.board.sort_by(event.column_index)
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        if event.input.id == "filter":
            self.board.filter = event.value
            self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the table with the filter in force."""
        if event.input.id == "filter":
            self._table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#filter", Input).focus()

    def action_unfilter(self) -> None:
        """Go back to the table without a filter."""
        self.query_one("#filter", Input).value = ""
        self._table.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.board.sort_by((self.board.column + 1) % len(COLUMNS))
        self._show()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.board.sort_by(self.board.column)
        self._show()

    def action_only_out(self) -> None:
        """Leave out servers that are up, or show them again."""
        self.board.only_out = not self.board.only_out
        self._show()

    def action_give(self, command: str) -> None:
        """Ask for a reason, and have the daemon carry out a command for the server that the cursor is on."""
        if (name := self.selected) is not None:
            self._confirm(f"{_COMMANDS[command]} {name}?", command, name, force=False)

    def _confirm(self, question: str, command: str, name: str, *, force: bool, reason: str = "") -> None:
        def decided(answer: str | None) -> None:
            if answer is not None:
                self._carry_out(command, name, answer, force)

        _ = self.push_screen(Confirmation(printable(question), reason), decided)

    @work(thread=True, group="commands")
    def _carry_out(self, command: str, name: str, reason: str, force: bool) -> None:  # noqa: FBT001  # a worker's words
        body: dict[str, Any] = {"command": command, "target": name, "force": force}
        try:
            answer = self._daemon.post("/v1/commands", {**body, "reason": reason} if reason else body)
        except Refused as refused:
            if refused.status == _CONFLICT and not force:
                insist = f"{refused}\n\nDo it all the same?"
                self.call_from_thread(self._confirm, insist, command, name, force=True, reason=reason)
                return
            self._later(self._report)(str(refused), "error")
        except DirectorError as error:
            self._later(self._report)(str(error), "error")
        else:
            self._later(self._report)("\n".join([f"{name}: {command}", *answer["notes"]]), "information")
            self._feed.look_again()

    def _report(self, sentence: str, severity: Any) -> None:
        self.notify("\n".join(map(printable, sentence.split("\n"))), severity=severity, markup=False)
