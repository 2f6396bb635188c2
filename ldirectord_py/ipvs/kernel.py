"""The kernel's IPVS table, over generic netlink.

pyroute2 is not used here: all that would remain for it is one family lookup, and its import costs more
time and memory than the rest of this package.  (Its own IPVS classes do not keep the kernel's values.)
"""

import asyncio
import errno
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Self, TypeVar

from ldirectord_py.ipvs import wire
from ldirectord_py.ipvs.calls import Calls
from ldirectord_py.ipvs.channel import Answers, Channel, DumpInterrupted, FamilyMissing
from ldirectord_py.ipvs.hash_places import steps
from ldirectord_py.ipvs.ipvs_commands import FAMILY_NAME
from ldirectord_py.ipvs.modules import load_ip_vs
from ldirectord_py.ipvs.netlink import WireError
from ldirectord_py.ipvs.rates import unpack_rates, unpack_totals
from ldirectord_py.ipvs.refusals import adopted, harmless, refusal, subject
from ldirectord_py.ipvs.sync_daemons import ask_daemons, pack_start, pack_stop, unpack_daemon
from ldirectord_py.ipvs.sync_daemons import refusal as refusal_of_daemon
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.snapshot import NetlinkCalls
from ldirectord_py.model.table import Change, Connections, Refusal, Service, Settings, TableState, Totals, Traffic

_T = TypeVar("_T")

_BATCH = 128  # changes in one system call, under a millisecond; more of them gain nothing
_QUESTIONS = 32  # services asked for in one system call
_ABSENT = (errno.ESRCH, errno.ENOENT, errno.EAFNOSUPPORT)  # the last: a kernel without IPv6 has no such service
_TURN_SECONDS = 0.002  # of work before others have their turn on the loop
_TRIES = 3


class KernelTable:
    """The table of this process's network namespace (an implementation of `model.table.Table`).

    Reading and writing take turns; both give way to the loop every few milliseconds.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._busy = asyncio.Lock()
        self._calls = Calls()

    @classmethod
    def open(cls, load_module: Callable[[], str | None] = load_ip_vs) -> Self:
        """Return the kernel's table, its module loaded if need be.

        Raises `TableUnavailable` with a sentence that says what to do.
        """
        with _translated():
            channel = _opened(load_module)
            try:
                channel.ask(wire.ask_info())  # needs the same right as everything else
            except BaseException:
                channel.close()
                raise
        return cls(channel)

    @property
    def calls(self) -> NetlinkCalls:
        """What the kernel was asked so far."""
        return self._calls.told

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()

    async def read(self, virtuals: Sequence[VirtualKey] | None = None) -> TableState:
        """Return the services named, or all, with their real servers in the kernel's order.

        Those named are asked for one by one: what others there are costs nothing.
        """
        table: dict[VirtualKey, Service] = {}
        async with self._busy:
            turn = _Turn()
            with _translated():
                if virtuals is None:
                    found = await self._dump(wire.ask_services(), wire.unpack_service, turn)
                    await self._enter(table, [service for service in found if service is not None], turn)
                    return table
                for start in range(0, len(virtuals), _QUESTIONS):
                    answers = self._named(virtuals[start : start + _QUESTIONS])
                    found = [wire.unpack_service(answer) for answer in answers.values()]
                    await turn.over()
                    await self._enter(table, [service for service in found if service is not None], turn)
        return table

    async def traffic(self, virtuals: Sequence[VirtualKey], *, totals: bool = False) -> Mapping[VirtualKey, Traffic]:
        """Return the rates of each of *virtuals*, how many connections each of its real servers has, and *totals*.

        The answer that says whether there is such a service has its rates in it.
        """
        found: dict[VirtualKey, Traffic] = {}
        async with self._busy:
            turn = _Turn()
            with _translated():
                for start in range(0, len(virtuals), _QUESTIONS):
                    some = virtuals[start : start + _QUESTIONS]
                    for place, answer in self._named(some).items():
                        question = wire.ask_destinations(some[place])
                        counted = await self._dump(question, _with_totals if totals else _without, turn)
                        found[some[place]] = Traffic(
                            {real: connections for real, connections, _ in counted},
                            unpack_rates(answer),
                            {real: total for real, _, total in counted if total is not None},
                        )
                    await turn.over()
        return found

    async def missing_modules(self, settings: Collection[Settings]) -> Mapping[Settings, str]:
        """Return those of *settings* that the kernel cannot set up, and the modules that it lacks for them.

        The kernel is asked for a service that it refuses in any case, and looks for its modules before it does.
        """
        wanted = list(settings)
        async with self._busy:
            with _translated():
                refused = self._exchange([wire.ask_modules(each) for each in wanted]).refused if wanted else {}
        return {
            each: f"ip_vs_{each.scheduler}" + (f" or ip_vs_pe_{each.engine}" if each.engine else "")
            for place, each in enumerate(wanted)
            if refused.get(place) == errno.ENOENT
        }

    async def sync_daemons(self) -> Sequence[SyncDaemon]:
        """Return the sync daemons that run: none, one, or one in each role."""
        async with self._busy:
            with _translated():
                return await self._dump(ask_daemons(), unpack_daemon, _Turn())

    async def start_sync_daemon(self, daemon: SyncDaemon) -> str:
        """Have *daemon* run; return why it does not, empty: it does."""
        number = await self._refused(pack_start(daemon))
        return refusal_of_daemon(daemon, number) if number else ""

    async def stop_sync_daemon(self, role: SyncRole) -> None:
        """End the sync daemon of *role*; one that does not run has ended."""
        await self._refused(pack_stop(role))

    async def _refused(self, body: bytes) -> int:
        """Send *body*, and return the errno with which the kernel refuses; 0: it does not."""
        async with self._busy:
            with _translated():
                return self._exchange([body]).refused.get(0, 0)

    async def apply(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """Write *changes* in order; adopt what exists already, and be content where what is to go is gone."""
        refusals: list[Refusal] = []
        async with self._busy:
            turn = _Turn()
            for start in range(0, len(changes), _BATCH):
                with _translated():
                    refusals += self._write(changes[start : start + _BATCH])
                await turn.over()
        return refusals

    async def _enter(
        self, table: dict[VirtualKey, Service], services: Sequence[tuple[VirtualKey, Settings]], turn: "_Turn"
    ) -> None:
        """Put *services* into *table*, each with its real servers."""
        for virtual, settings in services:
            found = await self._dump(wire.ask_destinations(virtual), wire.unpack_destination, turn)
            table[virtual] = Service(settings, dict(found))

    def _named(self, virtuals: Sequence[VirtualKey]) -> Mapping[int, bytes]:
        """Return what describes those of *virtuals* that the table has, by their places."""
        answers = self._exchange([wire.ask_services(virtual) for virtual in virtuals])
        for number in answers.refused.values():
            if number not in _ABSENT:
                raise OSError(number, os.strerror(number))
        return answers.bodies

    async def _dump(self, question: bytes, unpack: Callable[[bytes], _T], turn: "_Turn") -> list[_T]:
        """Return all answers to *question*, from one undisturbed dump."""
        for _ in range(_TRIES):
            answers: list[_T] = []
            try:
                for part in self._calls.parts(self._channel.dump(question), question):
                    answers += map(unpack, part)
                    await turn.over()
            except DumpInterrupted:
                continue
            except FileNotFoundError:  # the module was loaded anew and has another id
                self._channel.rejoin()
                continue
            return answers
        raise TableUnavailable(f"The IPVS table could not be read in one piece {_TRIES} times in a row; try again.")

    def _write(self, batch: Sequence[Change]) -> list[Refusal]:
        refused = self._tell(batch)
        takeovers = {
            place: change for place, number in refused.items() if (change := adopted(batch[place], number)) is not None
        }
        if takeovers:
            # Where a later change of the batch is about the same thing, that one has the last word, and has had it.
            last = {subject(change): place for place, change in enumerate(batch)}
            places = [place for place in takeovers if last[subject(batch[place])] == place]
            again = self._tell([takeovers[place] for place in places])
            refused = {place: number for place, number in refused.items() if place not in takeovers}
            refused |= {places[index]: number for index, number in again.items()}
        return [
            refusal(batch[place], number)
            for place, number in sorted(refused.items())
            if not harmless(batch[place], number)
        ]

    def _tell(self, batch: Sequence[Change]) -> dict[int, int]:
        """Send *batch*, and return the errno of each change that was refused, by its place."""
        refused: dict[int, int] = {}
        places: list[int] = []
        bodies: list[bytes] = []
        for place, change in enumerate(batch):
            try:
                messages = [wire.pack(step) for step in steps(change)]
            except WireError:
                refused[place] = errno.ERANGE
            else:
                bodies += messages
                places += [place] * len(messages)
        if bodies:
            for index, number in self._exchange(bodies).refused.items():
                refused.setdefault(places[index], number)
        return refused

    def _exchange(self, bodies: Sequence[bytes]) -> Answers:
        with self._calls.timed():
            answers = self._channel.exchange(bodies)
        self._calls.answered(bodies, answers.refused)
        numbers = set(answers.refused.values())
        if errno.ENOENT in numbers and self._channel.rejoin():  # it was the family that was not found
            answers = self._channel.exchange(bodies)
        if errno.EPERM in numbers:
            raise PermissionError(errno.EPERM, "")
        return answers


class _Turn:
    """The time until others have to have their turn on the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + _TURN_SECONDS

    async def over(self) -> None:
        """Let others go first if the time is up."""
        if self._loop.time() >= self._end:
            await asyncio.sleep(0)
            self._end = self._loop.time() + _TURN_SECONDS


def _opened(load_module: Callable[[], str | None]) -> Channel:
    try:
        return Channel.open(FAMILY_NAME)
    except FamilyMissing:
        why = load_module()
    try:
        return Channel.open(FAMILY_NAME)
    except FamilyMissing as error:
        raise TableUnavailable(
            f"The kernel has no IPVS and `modprobe ip_vs` did not help ({why or 'it reported success'}):"
            " load the module ip_vs on the host, or boot a kernel that has it."
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the channel raises into `TableUnavailable`."""
    try:
        yield
    except FamilyMissing as error:
        raise TableUnavailable("The kernel's IPVS is gone: load it again with `modprobe ip_vs`.") from error
    except PermissionError as error:
        raise TableUnavailable(
            "The kernel does not let this process at the IPVS table:"
            " run it as root or give it the capability CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN)."
        ) from error
    except OSError as error:
        remedy = (
            "raise the limit of open files (systemd: LimitNOFILE=)"
            if error.errno in (errno.EMFILE, errno.ENFILE)
            else "allow this process sockets of the family AF_NETLINK and look for the cause in the kernel's log"
        )
        raise TableUnavailable(
            f"The IPVS table cannot be reached over netlink ({error.strerror}): {remedy}."
        ) from error
    except WireError as error:
        raise TableUnavailable(f"The kernel's answer about the IPVS table makes no sense to us: {error}.") from error


CountedDestination = tuple[Endpoint, Connections, Totals | None]
"""What is counted of one real server."""


def _without(message: bytes) -> CountedDestination:
    return *wire.unpack_connections(message), None


def _with_totals(message: bytes) -> CountedDestination:
    return *wire.unpack_connections(message), unpack_totals(message)
