"""Takes the pictures of the README and of docs/status-page.md, of a real run: `make pictures`."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.page.conftest import CHROMIUM
from tests.page.director import PATIENCE, Director, Farm, section, until
from tests.page.terminal import draw, draw_top
from tests.peers.webserver import WebServer

SECONDS = 25
"""So long do servers come and go before the first picture, so that there is a history to be seen."""
COMINGS = (("shop1", 3, 9), ("shop4", 6, 8), ("api2", 10, 14))
"""Servers that are sick from one second to another."""
FOR_GOOD = (("shop3", 16), ("mail0", 18), ("mail1", 19), ("docs0", 21))
"""... and from one second on."""
COMMANDS = (
    (7, "drain", "shop2", "kernel upgrade"),
    (13, "enable", "shop2", ""),
    (15, "maintain", "api1", "new disk, until tomorrow"),
)
"""What an operator does, and why."""


def run_scene(director: Director, farm: Farm) -> None:
    """Start a daemon of four services, and let their servers have an eventful time."""

    def add(name: str, count: int, *more: str) -> str:
        number = len(director_sections) + 1
        return section(f"192.0.2.{number}:80", [farm.add(f"{name}{each}") for each in range(count)], *more)

    director_sections: list[str] = []
    for name, count, more in (
        ("shop", 5, ()),
        ("api", 3, ()),
        ("mail", 2, ("fallback=127.0.0.1:8080",)),
        ("docs", 1, ()),
    ):
        director_sections.append(add(name, count, f"servicename={name}", *more))
    director.write("".join(director_sections))
    director.start()
    began = time.monotonic()
    moments: list[tuple[int, Callable[[], object]]] = [
        *((at, farm.sites[name].sick) for name, at, _ in COMINGS),
        *((at, farm.sites[name].alive) for name, _, at in COMINGS),
        *((at, farm.sites[name].sick) for name, at in FOR_GOOD),
        *((at, partial(command, director, name, farm.addresses[to], why)) for at, name, to, why in COMMANDS),
    ]
    for at, act in sorted(moments, key=lambda moment: moment[0]):
        until(lambda at=at: time.monotonic() - began >= at)
        act()
    until(lambda: time.monotonic() - began >= SECONDS)


def command(director: Director, name: str, target: str, reason: str) -> None:
    """Have an operator give a command."""
    words = [name, target, *(["--reason", reason] if reason else [])]
    program = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl"]
    subprocess.run([*program, *words], env=os.environ | director.environment, check=True, stdout=subprocess.DEVNULL)


def opened(browser: Browser, url: str, width: int, height: int, colours: str) -> Page:
    size = {"width": width, "height": height}
    page = browser.new_page(viewport=size, color_scheme=colours)
    page.goto(url)
    expect(page.locator("#live")).to_have_text("Live", timeout=PATIENCE * 1000)
    return page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, WebServer() as web, sync_playwright() as playwright:
        director, farm = Director(Path(home)), Farm(web)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            run_scene(director, farm)
            page = opened(browser, director.url, 1440, 1120, "light")
            expect(page.locator(".headline")).to_contain_text("Nobody serves")
            page.screenshot(path=folder / "status-page.png")
            out = farm.addresses["shop3"]
            draw(folder / "terminal.svg", (("status",), ("why", out)), director.environment)
            with ThreadPoolExecutor(1) as elsewhere:  # Playwright has this thread's loop
                elsewhere.submit(asyncio.run, draw_top(folder / "top.svg", director.socket)).result()
            page.locator("tr.server.down a").first.click()
            expect(page.locator("dialog h1")).to_be_visible()
            page.locator("dialog").screenshot(path=folder / "status-page-server.png")
            opened(browser, director.url, 390, 844, "dark").screenshot(path=folder / "status-page-phone.png")
        finally:
            browser.close()
            director.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
