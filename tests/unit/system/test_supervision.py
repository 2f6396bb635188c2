"""What fails in a side job costs that one only."""

import asyncio
import errno

import pytest

from ldirectord_py.model.events import SideJobBack, SideJobFailed
from ldirectord_py.system import supervision
from ldirectord_py.system.supervision import SideJob, Supervisor, pause

JOB = SideJob("Sorting stamps", "stamps lie about")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(supervision, "_FIRST", 0.0)


@pytest.fixture
def told():
    return []


@pytest.fixture
async def reported():
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    return reported


def failing(*errors):
    """Return work that raises each of *errors*, and then is done."""
    left = list(errors)

    async def work() -> None:
        if left:
            raise left.pop(0)

    return work


def no_room():
    return OSError(errno.EAGAIN, "no room")


async def test_a_job_is_begun_again_until_it_returns_and_its_failure_is_told_once(told, reported):
    await Supervisor(told.append).keep(JOB, failing(no_room(), no_room(), no_room()))
    assert told == [SideJobFailed("Sorting stamps", "stamps lie about", "no room")]
    assert reported == []


async def test_a_bug_is_reported_with_its_traceback(told, reported):
    bug = KeyError("x")
    await Supervisor(told.append).keep(JOB, failing(bug))
    assert told == [SideJobFailed("Sorting stamps", "stamps lie about", "KeyError, a bug of ours")]
    assert reported == [bug]


async def test_what_is_contained_is_told_and_not_begun_again(told):
    await Supervisor(told.append).contain(JOB, failing(no_room(), no_room()))
    assert told == [SideJobFailed("Sorting stamps", "stamps lie about", "no room")]


async def test_a_job_that_is_sound_again_is_told_so_and_told_of_when_it_fails_anew(told, monkeypatch):
    monkeypatch.setattr(supervision, "_SOUND", 0.01)
    failed = SideJobFailed("Sorting stamps", "stamps lie about", "no room")
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            while SideJobBack("Sorting stamps") not in told:
                await asyncio.sleep(0)
        if runs < 3:
            raise no_room()

    await Supervisor(told.append).keep(JOB, work)
    assert told == [failed, SideJobBack("Sorting stamps"), failed]


async def test_the_end_of_the_director_ends_a_job(told):
    keeping = asyncio.ensure_future(Supervisor(told.append).keep(JOB, asyncio.Event().wait))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert told == []


def test_pauses_grow_up_to_a_minute(monkeypatch):
    monkeypatch.undo()
    assert [pause(failures) for failures in (1, 2, 3, 7, 8, 10_000)] == [1.0, 2.0, 4.0, 60.0, 60.0, 60.0]
