"""The director on three small web servers, told as a story on the terminal."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ldirectord_py import app
from ldirectord_py.config.load import load
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.events import Event, HealthChanged
from ldirectord_py.model.health import State
from ldirectord_py.model.snapshot import RealStatus, Snapshot
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options

_CONFIG = Path(__file__).with_name("demo.cf")
_CHECKOUT = Path(__file__).parents[3]
_PATIENCE = 10.0  # seconds within which each step of the story has to come true
_READING = 2.5  # seconds that the reader gets for each table
_COLOURS = {State.UP: "green", State.ADOPTED: "green", State.UNKNOWN: "yellow", State.DOWN: "red"}

ALIVE, ILL = b"I'm alive!\n", b"Sorry, I do not feel well.\n"


@dataclass(slots=True)
class WebServer:
    """A web server with one page, which can fall ill and die."""

    endpoint: Endpoint
    page: bytes = ALIVE
    _listener: asyncio.Server | None = field(default=None)

    async def start(self) -> None:
        """Serve the page."""
        self._listener = await asyncio.start_server(self._answer, str(self.endpoint.address), self.endpoint.port)

    async def die(self) -> None:
        """Take no connections any more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.page)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + self.page)
            await writer.drain()
        writer.close()


@dataclass(slots=True)
class Story:
    """Tells what happens, step by step, and waits until it does."""

    console: Console
    application: app.Application
    servers: Sequence[WebServer]
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self) -> None:
        """Tell the whole story; raise TimeoutError where a step does not come true."""
        self.application.observe(self._observe)
        await self._step("The director starts. Nobody serves before its first success.", _weights(3, 2, 1))
        self.servers[1].page = ILL
        await self._step("Server 2's page loses \"I'm alive!\".", _weights(3, 0, 1))
        self.servers[1].page = ALIVE
        await self._step("It recovers.", _weights(3, 2, 1))
        for server in self.servers:
            await server.die()
        await self._step("All servers die: the fallback stands in.", _weights(0, 0, 0, fallback=True))
        for server in self.servers:
            await server.start()
        await self._step("They come back, and the fallback goes.", _weights(3, 2, 1))

    def _observe(self, event: Event) -> None:
        if isinstance(event, HealthChanged):
            self._news.set()

    async def _step(self, sentence: str, come_true: Callable[[Snapshot], bool]) -> None:
        begun = time.monotonic()
        self.console.print(f"\n[bold]{sentence}[/bold]")
        async with asyncio.timeout(_PATIENCE):
            while not come_true(self.application.snapshot()):
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):  # the table follows the news within milliseconds
                        await self._news.wait()
        self.console.print(f"[dim]{time.monotonic() - begun:.2f} s later:[/dim]")
        self.console.print(_picture(self.application.snapshot()))
        await asyncio.sleep(_READING)


def _weights(*weights: int, fallback: bool = False) -> Callable[[Snapshot], bool]:
    def come_true(snapshot: Snapshot) -> bool:
        (virtual,) = snapshot.virtuals
        return virtual.fallback_active is fallback and [real.actual for real in virtual.reals] == list(weights)

    return come_true


def _picture(snapshot: Snapshot) -> Table:
    """Return the table as it stands in the kernel (or in memory), with what is behind it."""
    picture = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("server", "weight", "state", "since", "why"):
        picture.add_column(column, justify="right" if column == "weight" else "left")
    for virtual in snapshot.virtuals:
        picture.add_row(f"{virtual.key} {virtual.scheduler}")
        for real in virtual.reals:
            picture.add_row(*_row(real))
        if virtual.fallback is not None and virtual.fallback_active:
            picture.add_row(f"  -> {virtual.fallback}", "1", Text("fallback", "yellow"), "", "no real server serves")
    return picture


def _row(real: RealStatus) -> tuple[str, str, Text, str, str]:
    health = real.health
    since = time.strftime("%H:%M:%S", time.localtime(health.since))
    why = f"{health.reason}: {health.detail}" if health.detail else ""
    weight = "out" if real.actual is None else str(real.actual)
    return f"  -> {real.configured}", weight, Text(health.state, _COLOURS[health.state]), since, why


@asynccontextmanager
async def _serving(endpoints: Sequence[Endpoint]) -> AsyncIterator[list[WebServer]]:
    servers = [WebServer(endpoint) for endpoint in endpoints]
    for server in servers:
        await server.start()
    yield servers
    for server in servers:
        await server.die()


async def _demo(console: Console, settings: Config, options: Options) -> None:
    async with _serving([real.endpoint for real in settings.virtuals[0].reals]) as servers:
        application = app.Application(settings, options)
        async with asyncio.TaskGroup() as tasks:
            ready = asyncio.Event()
            director = tasks.create_task(application.run(lambda *_troubles: ready.set()), name="director")
            director.add_done_callback(lambda _: ready.set())
            try:
                await ready.wait()
                await Story(console, application, servers).tell()
            finally:
                application.end()


def _failures(error: BaseException) -> list[BaseException]:
    """Return the errors that *error*, possibly a group of groups, stands for."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _failures(each)]
    return [error]


def tell_story(*, kernel: bool) -> bool:
    """Tell the story, on the kernel's table or on one in memory; return whether all of it came true."""
    console = Console(width=None if sys.stdout.isatty() else 80, highlight=False)
    console.print(f"[dim]{_CONFIG.name}, on {'the kernel' if kernel else 'a table in memory'}:")
    console.print(Text(_CONFIG.read_text().rstrip(), "dim"))
    options = Options(table="kernel" if kernel else "memory", log=lambda _: LogFile(Path("/dev/null")))
    try:
        asyncio.run(_demo(console, load(_CONFIG), options))
    except (DirectorError, TimeoutError, OSError, ExceptionGroup) as failed:
        for error in _failures(failed):
            console.print("[red]The demo did not come true:[/red]", Text(str(error) or "a step took too long"))
        return False
    console.print("\n[bold]What to run next[/bold]")
    console.print(_next())
    return True


def _next() -> Table:
    """Return the commands that a reader may try, as they are called from here."""
    program = _program()
    commands = [
        (f"{program} YOUR.cf configtest", "all that is wrong with your file"),
        (f"{program} -d YOUR.cf start", "checks your servers, in the foreground"),
    ]
    if (_CHECKOUT / "Makefile").exists():
        commands.append(("make test", "proves it, on a real IPVS kernel too"))
    table = Table.grid(padding=(0, 4, 0, 2))
    table.add_column(no_wrap=True)
    for command, what in commands:
        table.add_row(command, what)
    return table


def _program() -> str:
    """Return how `ldirectord` is called: by its name if that finds it, else by its place, or as a module of a checkout.

    In a checkout the name alone might find another program, such as the Perl `ldirectord`.
    """
    python = Path(sys.executable)
    beside, found = python.with_name("ldirectord"), shutil.which("ldirectord")
    if beside.exists():
        return "ldirectord" if found is not None and Path(found) == beside else _from_here(beside)
    return f"{_from_here(python)} -m ldirectord_py" if (_CHECKOUT / "Makefile").exists() else "ldirectord"


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
