"""What the engine is told, on its way into a file."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.inputs import Configured, Input, Moment
from ldirectord_py.engine.recording.encoding import Encoder, Repetitions
from ldirectord_py.engine.recording.items import Given, Prepares, RecordingHeader, Why
from ldirectord_py.engine.recording.state_as_belief import belief_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.runtime.director import moment
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.line_file import Contents, LineFile
from ldirectord_py.system.supervision import SideJob

RECORDING = SideJob("Recording", "what happens meanwhile will be missing in the recording")
LIMIT = 64 * 2**20
"""Bytes that a file of a recording takes at most; there are two of them."""
_RECORDING = Contents("recording", b'{"recording":')
_PAUSE = 0.5
"""Seconds for which inputs are gathered, so that a busy director writes many at a time."""
_MOST = 50_000
"""Inputs that may wait for a disk that takes its time; further ones are lost."""
_PATIENCE = 1.0
"""Seconds that the end of the process waits for what is still to be written."""


class Begin(NamedTuple):
    """A segment begins, in the file *path*."""

    path: Path
    header: RecordingHeader
    belief: Belief | None


class End(NamedTuple):
    """Nothing more is recorded, until another segment begins."""


RecordedEntry = Begin | Given | End


class Done(NamedTuple):
    """What became of a batch of entries."""

    lost: int = 0
    """Inputs that could not be written."""
    over: bool = False
    """A new file is due."""
    trouble: OSError | None = None


class Recorder:
    """Takes inputs at no cost to speak of, and has threads write them while `keep` runs.

    Each segment of a recording is complete in itself: it begins with all that is believed.  Whatever could not be
    written is a gap, and behind it a new segment begins that says how much is missing.
    """

    def __init__(
        self, state: Callable[[], EngineState], program: str, *, limit: int = LIMIT, pause: float = _PAUSE
    ) -> None:
        self._state = state
        self._pause = pause
        self._program = program
        self._writer = _Writer(limit)
        self._path: Path | None = None
        self._waiting: list[RecordedEntry] = []
        self._repetitions = Repetitions()
        self._taking = False
        """Whether inputs continue a segment; otherwise they are lost."""
        self._lost = 0
        self._due: Why | None = None
        """Why a new segment is to begin as soon as it can."""
        self._preparing = False
        self._news = asyncio.Event()

    @property
    def path(self) -> Path | None:
        """Where it records; None: nowhere."""
        return self._path

    def follow(self, path: str | None, why: Why) -> None:
        """Record in *path* from now on; None: nowhere."""
        target = None if path is None else Path(path)
        if target == self._path:
            return
        self._path, self._lost = target, 0
        if target is None:
            self._taking, self._due = False, None
            self._waiting.append(End())
        else:
            self._due = why
            self._begin()
        self._news.set()

    def given(self, given: Input, at: Moment) -> None:
        """Record an input, which the engine is about to be told."""
        if self._repetitions.repeats(given):
            return
        if type(given) is Configured:
            self._preparing = False
        self._take(Given(given, at))

    def preparing(self, given: Configured, at: Moment) -> None:
        """Record that *given* is being worked out."""
        self._preparing = True
        self._take(Given(Prepares(given), at))

    async def keep(self) -> None:
        """Write whatever waits; runs until cancelled, and raises `OSError` if it cannot be written."""
        if not self._taking and self._path is not None:
            self._due = self._due or Why.GAP
            self._begin()
        while True:
            await self._news.wait()
            await asyncio.sleep(self._pause)
            self._news.clear()
            await self._write()

    async def finish(self) -> None:
        """Write what waits, but do not wait long for it."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._write()

    def _take(self, entry: Given) -> None:
        if self._path is None:
            return
        if self._taking and len(self._waiting) >= _MOST:
            self._taking, self._due = False, Why.GAP
        if self._taking:
            self._waiting.append(entry)
        else:
            self._lost += 1
        if not self._news.is_set():
            self._news.set()

    def _begin(self) -> None:
        """Begin a segment if one is due, but not while a configuration is being worked out."""
        why, path = self._due, self._path
        if why is None or path is None or self._preparing:
            return
        belief = None if why is Why.START else belief_of(self._state())
        header = RecordingHeader(
            why=why,
            at=moment(),
            begun=self._state().begun,
            lost=self._lost,
            program=self._program,
            host=os.uname().nodename,
            config=self._state().config.path,
        )
        self._waiting.append(Begin(path, header, belief))
        self._repetitions = Repetitions()
        self._taking, self._due, self._lost = True, None, 0
        self._news.set()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        done = await self._written(batch) if batch else Done()
        if done.trouble is not None:
            self._lose(done)
            raise done.trouble
        if done.over:
            self._due = self._due or Why.FULL
        self._begin()

    async def _written(self, batch: Sequence[RecordedEntry]) -> Done:
        try:
            return await in_thread(lambda: self._writer.write(batch))
        except OSError as error:  # there is no thread
            return Done(_inputs(batch), trouble=error)

    def _lose(self, done: Done) -> None:
        """Count what is lost with a batch; what has come since cannot follow it either."""
        self._lost += done.lost + _inputs(self._waiting)
        self._waiting = [entry for entry in self._waiting if isinstance(entry, End)]
        self._taking = False


def _inputs(entries: Sequence[RecordedEntry]) -> int:
    """Return how many inputs are lost with *entries*, also those of which a header would have told."""
    headers = sum(entry.header.lost for entry in entries if isinstance(entry, Begin))
    return headers + sum(isinstance(entry, Given) for entry in entries)


class _Writer:
    """What the threads do, one at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._file: LineFile | None = None
        self._path: Path | None = None
        self._encoder = Encoder()
        self._writing = Lock()
        """One that was given up may still be at it."""

    def write(self, batch: Sequence[RecordedEntry]) -> Done:
        with self._writing:
            written = 0
            lines: list[str] = []
            try:
                for place, entry in enumerate(batch):
                    if isinstance(entry, Given):
                        lines.extend(self._encoder.given(entry))
                        continue
                    self._append(lines)
                    lines, written = [], place
                    self._turn(entry)
                self._append(lines)
                return Done(over=self._file is not None and self._file.is_over)
            except OSError as error:
                trouble = OSError(error.errno, f"{self._path}: {error.strerror}")
                return Done(_inputs(batch[written:]), trouble=trouble)

    def _turn(self, entry: Begin | End) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if isinstance(entry, Begin):
            self._encoder, self._path = Encoder(), entry.path
            file = LineFile(entry.path, _RECORDING, self._limit)
            file.open()
            self._file = file
            self._append([self._encoder.header(entry.header), *self._belief(entry.belief)])

    def _belief(self, belief: Belief | None) -> Sequence[str]:
        return () if belief is None else list(self._encoder.belief(belief))

    def _append(self, lines: Sequence[str]) -> None:
        if lines and self._file is not None:
            self._file.append("".join(f"{line}\n" for line in lines).encode("ascii"))
