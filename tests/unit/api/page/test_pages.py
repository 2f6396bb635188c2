import asyncio
import time
from collections.abc import Awaitable, Iterator
from html.parser import HTMLParser

import pytest

from ldirectord_py.api.page.pages import Besides, PageReader, Pages
from ldirectord_py.api.page.services import ALL_SHOWN, ROWS
from ldirectord_py.api.page.view import PageView
from ldirectord_py.model.checks.outcome import Outcome, up
from tests.peers.turns import MOST, held_for
from tests.unit.api.page.documents import NOW, Documents, commanded, down, drained, event, health, server, virtual

NAME = "10.0.0.6:80@tcp:10.0.0.1:80"
ROOT = PageReader({"name": "root", "may_write": True})
GUEST = PageReader({"name": "anyone", "may_write": False})
HOSTILE = """"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}</title></textarea>&quot;"""


class Elements(HTMLParser):
    """What a browser makes of a page: its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str]:
        return [found["id"] or "" for _, found in self.elements if "id" in found]


async def joined(pieces: Awaitable[Iterator[bytes] | None]) -> str:
    return b"".join(await pieces or ()).decode()


async def page(source: Documents, view: PageView | None = None, reader: PageReader = ROOT) -> Elements:
    return Elements(await joined(Pages(source, "v1").page(view or PageView(), reader, NOW)))


def some(**daemon: object) -> Documents:
    return Documents([virtual(reals=[server(), down(), drained()])], **daemon)


async def test_the_page_is_complete_without_a_script() -> None:
    found = await page(some())
    rows = [identity for identity in found.ids() if identity.startswith("r-")]
    assert rows == [f"r-10.0.0.{number}:80@tcp:10.0.0.1:80" for number in (5, 6, 7)]
    for words in ("1 of 3 servers is down", "connection refused", "Comes back after 1 more success", "kernel upgrade"):
        assert words in found.text
    assert len(found.ids()) == len(set(found.ids()))


async def test_nothing_is_written_inline_that_a_strict_policy_forbids() -> None:
    for view in (PageView(), PageView(server=NAME)):
        for tag, attributes in (await page(some(), view)).elements:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
            assert tag != "style"
            assert tag != "script" or attributes["src"] == "/page/v1/page.js"


HOSTILE_SERVER = down(
    HOSTILE,
    detail=HOSTILE,
    asked=HOSTILE,
    configured=HOSTILE,
    reason=HOSTILE,
    why=[{"who": HOSTILE, "sentence": HOSTILE, "since": None, "until": None}],
    admin=drained()["admin"] | {"by": HOSTILE, "reason": HOSTILE, "scope": HOSTILE},
)
BY_HOSTILE = {"by": HOSTILE, "reason": HOSTILE, "scope": HOSTILE, "real": HOSTILE, "virtual": "tcp:10.0.0.1:80"}
HOSTILE_SOURCE = Documents(
    [
        virtual(
            reals=[HOSTILE_SERVER, drained("x", admin=HOSTILE_SERVER["admin"])], servicename=HOSTILE, comment=HOSTILE
        )
    ],
    [
        event(1, HOSTILE, HOSTILE, real=HOSTILE, virtual="tcp:10.0.0.1:80"),
        commanded(None, "drain", 60, **BY_HOSTILE),
        commanded("drain", None, 50, **BY_HOSTILE),
    ],
    [
        {
            "time": NOW - ago,
            "seconds": 0.1,
            "verdict": "down",
            "reason": HOSTILE,
            "detail": HOSTILE,
            "asked": HOSTILE,
            "count": 1,
        }
        for ago in (2, 1)
    ],
    config=HOSTILE,
    host=HOSTILE,
    refused_at=NOW,
    refused=[HOSTILE],
)


@pytest.mark.parametrize(
    "view",
    [
        PageView(),
        PageView(text=HOSTILE),
        PageView(virtual=HOSTILE),
        PageView(server=HOSTILE),
        PageView(server=HOSTILE_SERVER["name"]),
    ],
    ids=["all", "filter", "virtual", "unknown server", "server"],
)
async def test_what_others_wrote_stays_text(view: PageView) -> None:
    ordinary = {tag for tag, _ in (await page(some())).elements} | {
        tag for tag, _ in (await page(some(), PageView(server=NAME))).elements
    }
    found = await page(HOSTILE_SOURCE, view)
    assert HOSTILE in found.text
    assert {tag for tag, _ in found.elements} <= ordinary | {"g", "circle", "text", "figure", "figcaption", "nav"}
    assert [found for tag, found in found.elements if tag == "script"] == [
        {"type": "module", "src": "/page/v1/page.js"}
    ]
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]


async def test_commands_are_offered_to_those_who_may_give_them() -> None:
    forms = [
        [
            attributes
            for tag, attributes in (await page(some(), PageView(server=NAME), reader)).elements
            if tag == "form"
        ]
        for reader in (ROOT, GUEST)
    ]
    assert [len(found) for found in forms] == [1, 0]
    assert "You are not allowed to give commands here" in (await page(some(), PageView(server=NAME), GUEST)).text


async def test_a_server_or_virtual_that_is_not_there_is_said_not_to_be() -> None:
    assert "There is no server 10.9.9.9:80@fwm:1." in (await page(some(), PageView(server="10.9.9.9:80@fwm:1"))).text
    assert "There is no virtual service fwm:1." in (await page(some(), PageView(virtual="fwm:1"))).text
    assert "No server matches this filter." in (await page(some(), PageView(text="nonsense"))).text
    nothing = (await page(Documents())).text
    assert "No virtual service is configured." in nothing
    assert "all the time" not in nothing


def many(virtuals: int, servers: int) -> Documents:
    names = [f"tcp:10.0.{number}.1:80" for number in range(virtuals)]
    return Documents(
        virtual(name, reals=[server(f"10.1.{number}.{real}:80", name) for real in range(servers)])
        for number, name in enumerate(names)
    )


async def test_of_many_servers_the_healthy_ones_wait_to_be_asked_for() -> None:
    assert ALL_SHOWN < 1000
    found = await page(many(10, 100))
    assert not [identity for identity in found.ids() if identity.startswith("r-")]
    assert "All 100 servers" in found.text
    one = await page(many(10, 100), PageView(virtual="tcp:10.0.3.1:80"))
    assert len([identity for identity in one.ids() if identity.startswith("r-10.1.3.")]) == 100


async def test_pages_hold_every_virtual_service_once() -> None:
    source, heads = many(450, 3), []
    for number in range(1, 5):
        found = await page(source, PageView(page=number))
        heads += [identity for identity in found.ids() if identity.startswith("h-")]
    assert "Page 3 of 3" in (await page(source, PageView(page=3))).text
    assert heads == [f"h-tcp:10.0.{number}.1:80" for number in range(450)]


async def test_one_virtual_service_goes_on_over_several_pages() -> None:
    reals = [server(f"10.{number >> 8}.{number & 255}.1:80") for number in range(2 * ROWS + 1)]
    source, rows = Documents([virtual(reals=reals)]), []
    for number in (1, 2, 3):
        found = await page(source, PageView(virtual="tcp:10.0.0.1:80", page=number))
        rows += [identity for identity in found.ids() if identity.startswith("r-")]
    assert rows == [f"r-{real['name']}" for real in reals]


async def test_no_page_is_empty() -> None:
    reals = [server(f"10.{number >> 8}.{number & 255}.1:80") for number in range(ROWS)]
    assert "Page 1 of" not in (await page(Documents([virtual(reals=reals)]), PageView(text="10."))).text


def lists(found: Elements) -> tuple[str | None, dict[str, int]]:
    """Return which rows a list has, and how many servers of each virtual service the filter lets through."""
    (known,) = (attributes for _, attributes in found.elements if attributes.get("id") == "list")
    pairs = (pair.rpartition("=") for pair in (known.get("data-passed") or "").split())
    return known["data-rows"], {name: int(number) for name, _, number in pairs}


async def test_a_list_says_which_rows_it_has() -> None:
    name, source = "tcp:10.0.3.1:80", many(10, 100)
    long = Documents([virtual(reals=[server(f"10.{number >> 8}.{number & 255}.1:80") for number in range(ROWS + 1)])])
    assert lists(await page(some())) == ("all", {})
    assert lists(await page(source)) == ("troubled", {})
    assert lists(await page(source, PageView(virtual=name))) == ("all", {})
    assert lists(await page(source, PageView(text="10.1.3."))) == ("matching", {})
    assert lists(await page(source, PageView(text="10.1."))) == (
        "matching",
        {f"tcp:10.0.{n}.1:80": 100 for n in range(10)},
    )
    assert lists(await page(long, PageView(virtual="tcp:10.0.0.1:80", page=2))) == ("part", {})
    assert lists(await page(long, PageView(text="10."))) == ("matching", {"tcp:10.0.0.1:80": ROWS + 1})


async def test_what_may_have_changed_says_how_many_servers_the_filter_lets_through() -> None:
    async def passed(view: PageView) -> dict[str, str]:
        names = ["10.1.3.7:80@tcp:10.0.3.1:80", "tcp:10.0.4.1:80"]
        changed = Elements(await joined(Pages(many(10, 20), "v1").changed(names, view, NOW, Besides())))
        return {found["data-name"]: found["value"] for tag, found in changed.elements if tag == "data"}  # type: ignore[misc]

    assert await passed(PageView()) == {}
    assert await passed(PageView(text="10.1.3.1")) == {"tcp:10.0.3.1:80": "11", "tcp:10.0.4.1:80": "0"}
    assert await passed(PageView(text="10.1.3.1", virtual="tcp:10.0.4.1:80")) == {"tcp:10.0.4.1:80": "0"}


async def test_pieces_that_may_have_changed_come_alone() -> None:
    pages = Pages(some(), "v1")
    found = Elements(await joined(pages.changed([NAME, "fwm:99", "nobody@fwm:1"], PageView(), NOW, Besides())))
    assert [identity for identity in found.ids() if identity[1] == "-"] == ["h-tcp:10.0.0.1:80", f"r-{NAME}"]
    assert "overview" not in found.ids()
    with_all = Elements(await joined(pages.changed([], PageView(), NOW, Besides(stands=True, feed=True))))
    assert {"overview", "feed"} <= set(with_all.ids())
    alone = Elements(await joined(pages.server(NAME, ROOT, NOW)))
    assert "detail" in alone.ids()
    assert await joined(pages.server("nobody@fwm:1", ROOT, NOW)) == ""
    listed = Elements(await joined(pages.list(PageView(text="10.0.0.7"), ROOT, NOW)))
    assert [identity for identity in listed.ids() if identity.startswith("r-")] == ["r-10.0.0.7:80@tcp:10.0.0.1:80"]


async def test_a_large_page_is_made_in_many_pieces() -> None:
    pieces = await Pages(many(20, 100), "v1").page(PageView(text="10."), ROOT, NOW)
    began = time.thread_time()
    number = sum(1 for piece in pieces if piece)
    spent = time.thread_time() - began
    assert number > spent / 0.02  # one for each 20 ms of the processor at least, on however slow a machine


async def test_others_have_their_turn_while_servers_are_looked_through() -> None:
    turns = 0
    ended = asyncio.Event()

    async def count() -> None:
        nonlocal turns
        while not ended.is_set():
            turns += 1
            await asyncio.sleep(0)

    pages = Pages(many(200, 100), "v1")
    await pages.page(PageView(), ROOT, NOW)
    began = time.thread_time()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(count())
        await pages.page(PageView(), ROOT, NOW)
        ended.set()
    assert turns > (time.thread_time() - began) / 0.02


async def test_no_turn_is_long_however_many_servers_are_out() -> None:
    names = [f"10.1.{number}.1:80" for number in range(250)]
    events = [health("up", "down", 60, real=name, virtual="tcp:10.0.0.1:80") for name in names]
    pages = Pages(Documents([virtual(reals=[down(name) for name in names])], events), "v1")

    async def asked() -> Outcome:
        for _ in await pages.changed([], PageView(), NOW, Besides(stands=True)):
            await asyncio.sleep(0)
        return up("made")

    seconds, where, _ = await held_for(asked)
    assert seconds <= MOST, where
