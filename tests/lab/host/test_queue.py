"""The queue from which guests take groups of tests."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.guests.queue import Queue, nodeids


def test_groups_are_taken_in_the_order_of_their_names(tmp_path: Path) -> None:
    queue, mine = _queue(tmp_path, 3), tmp_path / "mine"
    mine.mkdir()

    assert [queue.take(mine) for _ in range(4)] == ["0000", "0001", "0002", None]
    assert nodeids(mine / "0001") == ["test_a.py::test[1]"]
    assert queue.waiting() == []


def test_of_all_who_take_at_once_each_group_goes_to_one(tmp_path: Path) -> None:
    queue, guests = _queue(tmp_path, 200), [tmp_path / name for name in ("one", "two", "three", "four")]
    for guest in guests:
        guest.mkdir()

    def work(guest: Path) -> list[str]:
        return list(iter(lambda: queue.take(guest), None))

    with ThreadPoolExecutor(len(guests)) as threads:
        taken = list(threads.map(work, guests))

    assert sorted(name for names in taken for name in names) == [f"{number:04}" for number in range(200)]
    assert [sorted(path.name for path in guest.iterdir()) for guest in guests] == [sorted(names) for names in taken]


def _queue(folder: Path, groups: int) -> Queue:
    queue = Queue(folder / "queue")
    queue.folder.mkdir()
    for number in range(groups):
        queue.put(f"{number:04}", [f"test_a.py::test[{number}]"])
    return queue
