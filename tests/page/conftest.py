"""What the tests of the page share: Chromium, a daemon, and web servers that may die."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.page.director import PATIENCE, Director, Farm, section
from tests.peers.webserver import WebServer

CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=PATIENCE * 1000)
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def refusals() -> list[str]:
    """What the console said of requests that were refused; a test that asks for it says which may be."""
    return []


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open pages; what they complain of in the console, a refused script or style above all, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def complain(text: str) -> None:
        if "status of 4" in text and "refusals" in request.fixturenames:
            request.getfixturevalue("refusals").append(text)
        elif "net::ERR_" not in text:  # a daemon that is not there is a test's own doing
            complaints.append(text)

    def open_page(url: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda message: complain(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def farm() -> Iterator[Farm]:
    with WebServer() as servers:
        yield Farm(servers)


@pytest.fixture
def director(tmp_path: Path, farm: Farm) -> Iterator[Director]:  # the daemon ends before its servers do
    made = Director(tmp_path)
    yield made
    made.end()


@pytest.fixture
def shop(director: Director, farm: Farm) -> Director:
    """A daemon with a shop of three servers and an API of two, all of them up."""
    shop, api = ([farm.add(f"{name}{number}") for number in range(count)] for name, count in (("shop", 3), ("api", 2)))
    director.write(
        section("192.0.2.1:80", shop, "servicename=shop")
        + section("192.0.2.2:80", api, "servicename=api", "quiescent=no")
    )
    director.start()
    return director
