"""Servers, certificates and files that say what a browser would carry out, if anybody let it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from playwright.sync_api import expect

from tests.faults.injections import CORPUS, unsafe
from tests.page.conftest import Open
from tests.page.director import PATIENCE, Director
from tests.peers.certificates import NamedAuthority
from tests.peers.listeners import serving
from tests.peers.turns import end_the_rest

SCRIPTS = {
    "a script": "<script>window.owned = 1</script>",
    "an image": '"><img src=x onerror="window.owned = 1">',
    "a link": "<a href=\"javascript:window.owned=1\" autofocus onfocus='window.owned=1'>click</a>",
    "the end of all": "--></title></textarea></style></template></svg><svg/onload=window.owned=1>",
    "a template": "{{ 7 * 7 }}{% raw %}${window.owned=1}",
}
ALL = SCRIPTS | CORPUS


@contextmanager
def running(addresses: list[str], issuers: list[str]) -> Iterator[None]:
    """Run servers that greet with everything in `ALL`, and one for each certificate by an issuer of that name."""
    loop = asyncio.new_event_loop()
    ready, end = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            for text in ALL.values():
                said = b"554 " + text.encode("utf-8", "backslashreplace") + b"\r\n"

                async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = said) -> None:
                    writer.write(said)
                    await writer.drain()

                addresses.append(str(await stack.enter_async_context(serving(greet))))
            for text in SCRIPTS.values():

                async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
                    await reader.read()

                context = NamedAuthority(text[:60]).server("www.example")
                issuers.append(str(await stack.enter_async_context(serving(silent, context))))
            ready.set()
            await end.wait()
        await end_the_rest()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(PATIENCE)
        loop.close()


def test_what_others_wrote_is_shown_and_never_carried_out(director: Director, opened: Open) -> None:
    greeters: list[str] = []
    issuers: list[str] = []
    with running(greeters, issuers):
        ca = director.home / "ca.pem"
        ca.write_bytes(NamedAuthority("the operator's").pem.content)
        sections = [
            f"virtual=192.0.2.1:{number}\n\treal={real} masq\n\tservice=smtp\n\tcomment={text}\n\n"
            for number, (real, text) in enumerate(zip(greeters, SCRIPTS.values(), strict=False), 1)
        ]
        sections += [
            f"virtual=192.0.2.2:{n}\n\treal={real} masq\n\tservice=smtp\n\n" for n, real in enumerate(greeters, 1)
        ]
        sections += [
            f"virtual=192.0.2.3:{n}\n\treal={real} masq\n\tservice=https\n\ttlsverify=yes\n\ttlscafile={ca}\n\n"
            for n, real in enumerate(issuers, 1)
        ]
        director.write("".join(sections))
        director.start()
        page = opened(director.url)
        expect(page.locator("tr.server .state")).to_have_text(["down"] * len(sections))
        for text in ("<script>window.owned = 1</script>", "{{ 7 * 7 }}"):
            assert text in (page.locator("#list").text_content() or "")
        shown = [page.locator("body").text_content() or ""]
        for name in page.locator("tr.server").evaluate_all("all => all.map(each => each.dataset.name)")[::7]:
            page.goto(f"{director.url}/?server={name}")
            shown.append(page.locator("body").text_content() or "")
        page.goto(
            f"{director.url}/?q=%3Cscript%3Ewindow.owned%3D1%3C/script%3E&virtual=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E"
        )
        shown.append(page.locator("body").text_content() or "")
        assert page.evaluate("window.owned") is None
        assert [found for text in shown for found in unsafe(text.encode("utf-8", "surrogateescape"))] == []
