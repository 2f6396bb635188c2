"""The manual as a site: `make docs` builds it without a warning, and it can be read where there is no network."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.async_api import async_playwright

from tests.peers.patience import BUILDING

CHECKOUT = Path(__file__).parents[2]
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
NEIGHBOURS = {"index", "search", "next", "prev"}
"""Relations of `link` that load nothing."""
IN_STYLES = re.compile(r"url\(\s*['\"]?(?!data:)([^)'\"]+)|@import\s+['\"]?([^'\"; ]+)")

pytestmark = [pytest.mark.timeout(BUILDING), pytest.mark.long]
"""The site's own environment may have to be set up first."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        ["make", "docs", f"SITE={folder}", f"PYTHON={sys.executable}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILDING - 20,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What a page loads, where its links lead, and which places it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.places.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if (loaded := values.get(LOADING.get(tag, ""))) and values.get("rel") not in NEIGHBOURS:
            self.loads.append(loaded)


@cache
def page_at(path: Path) -> Page:
    return Page(path.read_text())


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert len(found) > 40
    return found


def resources(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is loaded, with the file that does."""
    for path in pages(site):
        yield from ((path, loaded) for loaded in page_at(path).loads)
    for path in site.rglob("*.css"):
        yield from ((path, found[1] or found[2]) for found in IN_STYLES.finditer(path.read_text()))


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path, loaded in resources(site):
        parts = urlsplit(loaded)
        assert not parts.scheme or parts.scheme == "data", (path, loaded)
        assert not parts.netloc, (path, loaded)
        assert parts.scheme or (path.parent / unquote(parts.path)).is_file(), (path, loaded)


def test_every_link_leads_to_a_place_in_the_site(site: Path) -> None:
    broken = []
    for path in pages(site):
        for link in page_at(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in page_at(target).places):
                broken.append((path.name, link))
    assert broken == []


def test_every_page_of_the_manual_is_there(site: Path) -> None:
    sources = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("docs/checks/*.md")]
    missing = [page for page in sources if not (site / page.relative_to(CHECKOUT)).with_suffix(".html").is_file()]
    assert missing == []


async def test_the_search_finds_without_a_network_and_without_a_server(site: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium is not None, "run: tests/install-debian"
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto((site / "index.html").as_uri())
        await page.wait_for_url("**/docs/README.html")
        await page.fill("input[name=q]", "maintenancedir")
        await page.press("input[name=q]", "Enter")
        result = page.locator("ul.search a[href*='docs/maintenance.html']")
        await result.first.click()
        await page.wait_for_url("**/docs/maintenance.html*")
        await browser.close()

    assert {urlsplit(url).scheme for url in asked} <= {"file", "data"}
