"""Each service, asked by the original and by ours about the same servers in the same file: what do they conclude?"""

import asyncio
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.verdicts.both import ORIGINAL, Concluded, Section, Surroundings, Verdict, original, ours
from tests.servers.verdicts.page import PAGE, page
from tests.servers.verdicts.rows import Row, Words
from tests.servers.verdicts.stages import STAGES, Stage, deaf
from tests.servers.verdicts.table import TABLE

BRIEF = {"negotiatetimeout": "1", "checktimeout": "1"}
PATIENT = {"negotiatetimeout": "9", "checktimeout": "9"}
HURRIED = ("closing", "plain", "refused", "silent", "tls", "wrong secret")
"""How the names of servers begin that are not waited for long, as they will not answer well."""


def section(stage: Stage, common: Words, row: Row) -> Section:
    patience = BRIEF if row.server.startswith(HURRIED) else PATIENT
    words = common | patience | row.words
    for placeholder, text in stage.fill.items():
        words = {name: value.replace(placeholder, text) for name, value in words.items()}
    return Section(server=stage.servers[row.server], words=words, pair=row.pair)


async def conclusions(name: str, folder: Path) -> list[tuple[Row, Concluded, Concluded]]:
    """Return what ours and the original conclude of each row of a service.

    Whatever is to hang or end the original, or to be rejected by ours, has a run of its own.
    """
    service = TABLE[name]
    async with AsyncExitStack() as stack:
        (folder / "stage").mkdir()
        stage = await STAGES[name](stack, folder / "stage")
        around = Surroundings(folder=folder, wrapper=stage.wrapper, environment=stage.environment)
        harmful = {Verdict.HANGS, Verdict.DIES}
        calm = [] if service.apart else [row for row in service.rows if row.theirs not in harmful]
        accepted = [row for row in service.rows if row.ours is not Verdict.REJECTS]
        groups = [calm, *([row] for row in service.rows if row not in calm)]
        files = [accepted, *([row] for row in service.rows if row not in accepted)]

        def sections(rows: list[Row]) -> list[Section]:
            return [section(stage, service.words, row) for row in rows]

        async with asyncio.TaskGroup() as tasks:
            by_us = [(rows, tasks.create_task(ours(around, sections(rows)))) for rows in files]
            by_them = [
                (rows, tasks.create_task(original(around, sections(rows), rows[0].theirs))) for rows in groups if rows
            ]
    mine = {row.situation: found for rows, task in by_us for row, found in zip(rows, task.result(), strict=True)}
    theirs = {row.situation: found for rows, task in by_them for row, found in zip(rows, task.result(), strict=True)}
    return [(row, mine[row.situation], theirs[row.situation]) for row in service.rows]


@pytest.mark.skipif(not Path(ORIGINAL).exists(), reason=f"there is no {ORIGINAL}: as root, run tests/install-debian")
@pytest.mark.parametrize("name", TABLE)
async def test_both_conclude_what_the_table_says(name: str) -> None:
    if (
        STAGES[name] is deaf
        and subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no network of our own can be made here: unshare --net fails")
    with TemporaryDirectory(prefix="ldirectord-test-") as folder:
        found = await conclusions(name, Path(folder))
    surprises = [
        f"{row.situation}: ours {mine}, expected {row.ours}; the original {theirs}, expected {row.theirs}"
        for row, mine, theirs in found
        if (mine.verdict, theirs.verdict) != (row.ours, row.theirs)
    ]
    assert not surprises, "\n".join(surprises)


@pytest.mark.parametrize("name", TABLE)
def test_a_difference_has_a_name(name: str) -> None:
    for row in TABLE[name].rows:
        assert bool(row.why) is (row.ours is not row.theirs), f"{row.situation}: why {row.ours} and not {row.theirs}?"
        assert not row.why or row.why in names(), f"{row.situation}: docs/coming-from-perl.md has no '{row.why}'"


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "run: .venv/bin/python -m tests.servers.verdicts.page"


def names() -> set[str]:
    """Return the names of all differences that are documented."""
    lines = PAGE.with_name("coming-from-perl.md").read_text().splitlines()
    return {line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")}
