"""Locks on virtual services, between real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, VirtualKey
from ldirectord_py.runtime.table.ownership import FILE, Ownership

WEB = AddressKey(Protocol.TCP, Endpoint(ip_address("192.0.2.1"), 80))
DNS = AddressKey(Protocol.UDP, Endpoint(ip_address("192.0.2.1"), 53))
MARK = MarkKey(5)
HOLD = """
import asyncio, os, sys
from pathlib import Path
from ldirectord_py.model.service import MarkKey
from ldirectord_py.runtime.table.ownership import Ownership
folder = Path(sys.argv[1])
(folder / "ldirectord.first.cf.pid").write_text(f"{os.getpid()}\\n")
ownership = Ownership(folder / "ldirectord.virtuals", int(sys.argv[2]))
assert asyncio.run(ownership.claim([MarkKey(5)], "first.cf")) == ()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another(folder: Path, namespace: int = 1) -> Iterator["subprocess.Popen[str]"]:
    """Have another process keep the service of mark 5."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(namespace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Ownership]:
    ownership = Ownership(tmp_path / FILE, 1)
    yield ownership
    ownership.close()


async def told(ours: Ownership, *virtuals: VirtualKey) -> list[str]:
    return [str(problem) for problem in await ours.claim(virtuals, "second.cf")]


async def test_what_another_keeps_is_refused_and_the_other_is_named(tmp_path: Path, ours: Ownership) -> None:
    with another(tmp_path) as process:
        (sentence,) = await told(ours, WEB, MARK)
        assert sentence == (
            f"second.cf: fwm:5 is kept by another ldirectord, pid {process.pid} (instance first.cf):"
            " take it out of one of the two configurations"
        )
    assert await told(ours, WEB, MARK) == []


async def test_a_refusal_takes_nothing_and_the_end_of_a_process_frees_all(tmp_path: Path, ours: Ownership) -> None:
    with another(tmp_path):
        assert len(await told(ours, WEB, DNS, MARK)) == 1
        assert await told(ours, WEB, DNS) == []
        ours.keep([DNS])
    assert await told(ours, MARK) == []


async def test_another_network_namespace_has_a_table_of_its_own(tmp_path: Path, ours: Ownership) -> None:
    with another(tmp_path, namespace=2):
        assert await told(ours, MARK) == []
