"""The page in Chromium, before a daemon whose servers die and come back."""

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import Page, Request, expect

from tests.page.conftest import Open
from tests.page.director import Director, Farm, Hosts, section, until
from tests.peers.webserver import WebServer

WATCHED = """name => {
  const row = document.getElementById(name);
  window.changedAt = {};
  const note = () => (window.changedAt[row.dataset.status] ??= Date.now() / 1000);
  new MutationObserver(note).observe(row, { attributes: true });
}"""

BELOW_THE_FOOT = """() => {  // in one go: the page grows with what it is told
  const foot = document.querySelector('.foot').getBoundingClientRect().bottom;
  return document.documentElement.scrollHeight - (scrollY + foot);
}"""


def row(page: Page, number: int = 0) -> str:
    name = page.locator("tr.server").nth(number).get_attribute("id")
    assert name
    return name


def events(director: Director) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{director.url}/v1/events", timeout=5) as answer:
        found: list[dict[str, object]] = json.load(answer)["events"]
    return found


def live(page: Page) -> Page:
    expect(page.locator("#live")).to_have_text("Live")
    return page


def test_a_server_that_dies_is_seen_within_a_second(shop: Director, farm: Farm, opened: Open) -> None:
    page = live(opened(shop.url))
    expect(page.locator(".headline")).to_have_text("All 5 servers are up.")
    dies = page.locator("tr.server").first
    page.evaluate(WATCHED, row(page))
    farm.sites["shop0"].sick()
    expect(dies.locator(".state")).to_have_text("down")
    (told,) = (event for event in events(shop) if event["name"] == "real_down")
    assert page.evaluate("changedAt.down") - float(str(told["time"])) < 1
    expect(dies.locator(".why")).to_contain_text("Comes back after 1 more success; next check in")
    expect(page.locator(".headline")).to_have_text("1 of 5 servers is down; every virtual service is served.")
    expect(page.locator(".problems .subject a")).to_have_count(1)
    expect(page.locator(".lanes li")).to_have_count(1)
    expect(page.locator("#feed")).to_contain_text("is down")
    expect(page.locator("#told")).to_contain_text("is down")
    expect(page).to_have_title(re.compile("^1 of 5 servers is down; every virtual service is served[.]"))
    farm.sites["shop0"].alive()
    expect(dies.locator(".state")).to_have_text("up")
    expect(page.locator(".headline")).to_have_text("All 5 servers are up.")


def test_the_page_goes_on_after_the_daemon_has_started_again(shop: Director, farm: Farm, opened: Open) -> None:
    page = live(opened(shop.url))
    shop.end()
    expect(page.locator("#live")).to_have_text("Offline")
    expect(page.locator("#lost")).to_contain_text("this is how things stood at")
    farm.sites["api1"].sick()
    shop.start()
    live(page)
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("tr.server").nth(4).locator(".state")).to_have_text("down")
    expect(page.locator("#overview")).to_have_attribute("data-boot", str(events(shop)[-1]["boot"]))
    farm.sites["shop1"].sick()
    expect(page.locator("tr.server").nth(1).locator(".state")).to_have_text("down")
    numbers = [int(each) for each in page.locator("#feed li").evaluate_all("all => all.map(each => each.dataset.id)")]
    assert numbers == sorted(set(numbers), reverse=True)


def test_without_javascript_the_page_is_complete(shop: Director, farm: Farm, opened: Open) -> None:
    farm.sites["shop2"].sick()
    until(lambda: any(event["name"] == "real_down" for event in events(shop)))
    page = opened(shop.url, java_script_enabled=False)
    page.locator("input[name=q]").fill("shop 127.0.0.1")
    page.locator("input[value=up]").check(force=True)
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(f"{shop.url}/?q=shop+127.0.0.1&state=up")
    expect(page.locator("tr.server")).to_have_count(2)
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("tr.server")).to_have_count(5)
    page.locator("tr.server a").first.click()
    expect(page.locator("h1")).to_contain_text("127.0.0.1:")
    expect(page.locator(".steps li")).to_have_count(1)
    expect(page.get_by_text("Without JavaScript this page shows")).to_be_visible()


def test_a_filter_stays_in_the_address(shop: Director, opened: Open) -> None:
    page = live(opened(shop.url))
    page.keyboard.press("/")
    page.keyboard.type("api")
    expect(page.locator("tr.server")).to_have_count(2)
    expect(page).to_have_url(f"{shop.url}/?q=api")
    page.locator(".choice.down").click()
    expect(page.locator("#list")).to_contain_text("No server matches this filter.")
    expect(page).to_have_url(f"{shop.url}/?q=api&state=down")
    page.reload()
    expect(page.locator("#list")).to_contain_text("No server matches this filter.")
    expect(page.locator("input[name=q]")).to_have_value("api")
    page.locator("input[name=q]").press("Escape")
    expect(page.locator("input[name=q]")).to_have_value("")


def test_the_keyboard_reaches_everything(shop: Director, opened: Open) -> None:
    page = live(opened(shop.url))
    first = row(page).removeprefix("r-")
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"[data-open='{first}']:focus")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("dialog h1")).to_contain_text(first.partition("@")[0])
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(f"[data-open='{first}']:focus")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("to the filter")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_history_opens_once_and_again(shop: Director, opened: Open) -> None:
    page = live(opened(shop.url))
    link = page.locator("tr.server a").first
    link.dblclick()
    expect(page.locator("dialog h1")).to_be_visible()
    with page.expect_response(lambda answer: "/page/server?" in answer.url):
        page.evaluate(
            "() => { document.querySelector('dialog').close(); document.querySelector('tr.server a').click() }"
        )
    expect(page.locator("dialog h1")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(1)
    expect(page).to_have_url(f"{shop.url}/")


def test_light_and_dark_are_kept(shop: Director, opened: Open) -> None:
    page = opened(shop.url, color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_nothing_goes_beyond_the_edge_of_a_phone(shop: Director, farm: Farm, opened: Open) -> None:
    farm.sites["shop0"].sick()
    page = live(opened(shop.url, viewport={"width": 360, "height": 700}))
    expect(page.locator("tr.server .state").first).to_have_text("down")
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= 360
    page.goto(f"{shop.url}/?server={row(page).removeprefix('r-')}")
    assert page.evaluate(width) <= 360


def test_nothing_is_below_the_foot_nor_seen_if_it_is_hidden(shop: Director, farm: Farm, opened: Open) -> None:
    page = live(opened(shop.url, viewport={"width": 390, "height": 844}))
    for name in farm.sites:
        farm.sites[name].sick()
    expect(page.locator("tr.server.down")).to_have_count(5)
    page.evaluate("document.getElementById('feed').style.maxHeight = '2rem'")  # most lines are to be scrolled to
    assert page.evaluate(BELOW_THE_FOOT) < 10
    table = page.locator("table").first
    table.evaluate("table => (table.hidden = true)")  # as of a virtual service whose rows are all left out
    expect(table).to_be_hidden()


def test_a_virtual_service_that_nobody_serves_is_said_first(director: Director, farm: Farm, opened: Open) -> None:
    director.write(section("192.0.2.1:80", [farm.add("only")]) + section("192.0.2.2:80", [farm.add("other")]))
    director.start()
    page = live(opened(director.url))
    farm.sites["other"].sick()
    farm.sites["only"].sick()
    expect(page.locator(".headline")).to_have_text("Nobody serves 2 virtual services.")
    farm.sites["other"].alive()
    expect(page.locator(".headline")).to_have_text("Nobody serves 192.0.2.1:80.")
    expect(page.locator(".problems .kind")).to_contain_text("unserved")


def test_a_row_comes_with_the_event_and_needs_no_request(shop: Director, farm: Farm, opened: Open) -> None:
    page = live(opened(shop.url))
    page.route("**/page/changed*", lambda route: route.abort())
    farm.sites["shop1"].sick()
    dies = page.locator("tr.server").nth(1)
    expect(dies.locator(".state")).to_have_text("down")
    expect(page.locator("#feed")).to_contain_text("is down")
    expect(page.locator(".headline")).to_have_text("All 5 servers are up.")  # that is asked for


TYPE = """(field, text) => { field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })) }"""


def test_a_server_comes_into_the_list_when_the_filter_lets_it_through(shop: Director, farm: Farm, opened: Open) -> None:
    page = live(opened(f"{shop.url}/?q=shop&state=down"))
    expect(page.locator("#list")).to_contain_text("No server matches this filter.")
    farm.sites["api0"].sick()
    farm.sites["shop2"].sick()
    expect(page.locator("tr.server")).to_have_count(1)
    farm.sites["shop0"].sick()
    expect(page.locator("tr.server")).to_have_count(2)


def test_the_list_changes_around_what_the_reader_does(shop: Director, opened: Open) -> None:
    page = live(opened(shop.url))
    page.locator("tr.server").nth(3).evaluate("row => { row.kept = true; row.querySelector('a').focus() }")
    for text, rows in (("api", 2), ("", 5)):
        page.locator("input[name=q]").evaluate(TYPE, text)
        expect(page.locator("tr.server")).to_have_count(rows)
        assert page.evaluate("document.activeElement.closest('tr').kept")


def test_a_role_that_changes_is_seen(director: Director, farm: Farm, opened: Open) -> None:
    role = director.home / "role"
    role.write_text("active\n")
    director.write(f"role={role}\n{section('192.0.2.1:80', [farm.add('web')])}")
    director.start()
    page = live(opened(director.url))
    expect(page.locator("#role")).to_have_text("active")
    role.write_text("standby\n")
    expect(page.locator("#role")).to_contain_text("standby for")
    expect(page.locator(".problems")).to_contain_text("This director")
    role.write_text("active\n")
    expect(page.locator("#role")).to_contain_text("active for")
    expect(page.locator(".problems")).to_have_count(0)


def test_a_server_leaves_the_list_when_the_filter_lets_it_through_no_longer(
    shop: Director, farm: Farm, opened: Open
) -> None:
    page = live(opened(f"{shop.url}/?state=up"))
    expect(page.locator("tr.server")).to_have_count(5)
    farm.sites["api0"].sick()
    expect(page.locator("tr.server")).to_have_count(4)


def asked(page: Page, about: str) -> Callable[[Request], bool]:
    """Return whether a request is for what may have changed, and among it a server."""
    return lambda request: "/page/changed?" in request.url and about in unquote(request.url)


def test_a_server_of_another_page_changes_the_list_only_if_it_comes_or_goes(tmp_path: Path, opened: Open) -> None:
    director = Director(tmp_path)
    with WebServer() as web:
        hosts = Hosts(web)
        reals = [hosts.address(number) for number in range(140)]  # with their heads 560 rows: two pages
        director.write("".join(section(f"192.0.2.{number}:80", [real]) for number, real in enumerate(reals, 1)))
        director.start()
        try:
            page = live(opened(f"{director.url}/?q=127."))
            expect(page.locator(".pages")).to_contain_text("Page 1 of 2")
            listed: list[str] = []
            page.on("request", lambda request: listed.append(request.url) if "/page/list" in request.url else None)
            for number in (
                139,
                138,
                137,
            ):  # a wanted list is asked for before the next changes
                with page.expect_request_finished(asked(page, reals[number])):
                    hosts.sick(number)
            assert not listed
            page.goto(f"{director.url}/?state=up")
            with live(page).expect_request_finished(lambda request: "/page/list" in request.url):
                hosts.sick(136)
        finally:
            director.end()
