"""Who is told of events besides the log and the API's clients: history, notifications, and track files."""

from collections.abc import Iterator

from ldirectord_py.model.events import CheckDone, Reloaded
from ldirectord_py.observers.history.event_writer import WRITING_HISTORY
from ldirectord_py.observers.history.history import History
from ldirectord_py.observers.notifications import Notifications
from ldirectord_py.observers.trackfiles import WRITING_TRACK_FILES, TrackFiles
from ldirectord_py.options import Options
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.stream import EventStream
from ldirectord_py.system.limits import ProcessLimits
from ldirectord_py.system.supervision import SideJob, Work


class EventObservers:
    """Makes the observers and looks after them; a shadow keeps history, and leaves the rest to the active daemon."""

    def __init__(self, director: Director, stream: EventStream, options: Options, limits: ProcessLimits) -> None:
        self.history = History(lambda: director.state.servers, stream.emit, in_file=not options.shadow)
        self._stream = stream
        self._shadow = options.shadow
        self.notifications = Notifications(
            director, stream.emit, program=options.program, routes=options.mail, at_a_time=limits.hooks
        )
        """To be entered while programs may run and mails be sent."""
        self._trackfiles = TrackFiles(lambda: director.config, stream.emit, off=options.shadow)

    def subscribe(self) -> None:
        """Have all be told of events from now on, but monitor files, which `follow_config` sees to."""
        self._stream.subscribe(self.history.observe, without=(CheckDone,))
        self._stream.subscribe_to(CheckDone, self.history.exchanges.check_done)
        self._stream.subscribe_to(Reloaded, self.history.exchanges.reloaded)
        if not self._shadow:
            for observer in (*self.notifications.observers, self._trackfiles.observe):
                self._stream.subscribe(observer, without=(CheckDone,))

    def follow_config(self) -> None:
        """Have monitor files be told of events only while a configuration names one: they want each check."""
        monitor = self.notifications.monitor
        if monitor.follow_config() and not self._shadow:
            self._stream.subscribe(monitor)
        else:
            self._stream.unsubscribe(monitor)

    def jobs(self) -> Iterator[tuple[SideJob, Work]]:
        """Yield what is to be done all the time."""
        yield WRITING_HISTORY, self.history.keep
        if not self._shadow:
            yield WRITING_TRACK_FILES, self._trackfiles.keep

    async def leave(self, *, stays: bool) -> None:
        """Tell that the director ends; *stays*: another one takes over the table as it is."""
        self.notifications.leave(stays=stays)
        await self._trackfiles.leave(stays=stays)
