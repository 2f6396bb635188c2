"""What axe-core says of the page, in both of its colours, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import Open
from tests.page.director import TOKEN, Director, Farm


def findings(page: Page) -> list[str]:
    found = Axe().run(page).response
    assert len(found["passes"]) > 10  # it has looked
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(shop: Director, farm: Farm, opened: Open, colours: str, width: int) -> None:
    farm.sites["shop0"].sick()
    for name in ("api0", "api1"):
        farm.sites[name].sick()
    page = opened(shop.url, color_scheme=colours, viewport={"width": width, "height": 900})
    expect(page.locator(".headline")).to_have_text("Nobody serves 192.0.2.2:80.")
    assert findings(page) == []
    page.locator("a[data-open]").first.press("Enter")  # a mouse might miss it: what is wrong still comes above
    expect(page.locator("dialog h1")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert findings(page) == []
    page.goto(f"{shop.url}/?q=nothing")
    assert findings(page) == []
    page.goto(f"{shop.url}/?q=shop&state=up")
    assert findings(page) == []
    shop.end()
    expect(page.locator("#lost")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize(("colours", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing_where_commands_are_given(shop: Director, opened: Open, colours: str, width: int) -> None:
    page = opened(shop.url, color_scheme=colours, viewport={"width": width, "height": 900})
    page.get_by_role("button", name="Sign in").click()
    assert findings(page) == []
    page.locator("dialog input").fill(TOKEN)
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    for command in ("Drain", "Enable", "Maintenance"):
        page.locator("tr.server a").first.press("Enter")  # a mouse might miss it: what is wrong comes and goes above
        page.get_by_role("button", name=command).click()
        expect(page.locator("dialog .answer")).to_contain_text("Done.")
        assert findings(page) == []
        page.keyboard.press("Escape")
    expect(page.locator(".ended li")).to_have_count(1)
    assert findings(page) == []
    page.locator("tr.server a").first.evaluate("link => location.assign(link.href)")
    expect(page.locator("h1 .state")).to_have_text("maintenance")
    assert findings(page) == []
