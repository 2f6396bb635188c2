"""Commands that are given on the page, by those who may."""

from playwright.sync_api import Page, expect

from tests.page.conftest import Open
from tests.page.director import TOKEN, Director, Farm, section


def signed_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.locator("dialog input").fill("wrong")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog [role=alert]")).to_have_text("Nobody has this token.")
    page.locator("dialog input").fill(TOKEN)
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_server_is_drained_with_a_reason_and_enabled_again(shop: Director, refusals: list[str], opened: Open) -> None:
    page = opened(shop.url)
    first = page.locator("tr.server").first
    first.locator("a").click()
    expect(page.locator("dialog")).to_contain_text("You are not allowed to give commands here")
    page.keyboard.press("Escape")
    signed_in(page)
    first.locator("a").press("Enter")
    page.locator("dialog input[name=reason]").fill("kernel <b>upgrade</b>")
    page.get_by_role("button", name="Drain").click()
    expect(page.locator("dialog .answer")).to_contain_text("Done.")
    expect(page.locator("dialog h1 .state")).to_have_text("draining")
    page.keyboard.press("Escape")
    expect(first.locator(".state")).to_have_text("draining")
    expect(first.locator(".why")).to_contain_text("Drained by ops: kernel <b>upgrade</b>.")
    expect(page.locator(".problems")).to_contain_text("kernel <b>upgrade</b>")
    first.locator("a").press("Enter")
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("dialog h1 .state")).to_have_text("up")
    page.keyboard.press("Escape")
    expect(page.locator(".ended")).to_contain_text("drained by ops: kernel <b>upgrade</b>")
    expect(page.locator(".lanes rect.draining")).to_have_count(1)
    assert all("401" in refusal for refusal in refusals)


def test_before_the_last_server_goes_the_page_asks(
    director: Director, farm: Farm, refusals: list[str], opened: Open
) -> None:
    director.write(section("192.0.2.1:80", [farm.add("only")]))
    director.start()
    page = opened(director.url)
    signed_in(page)
    page.locator("tr.server a").click()
    page.get_by_role("button", name="Maintenance").click()
    expect(page.locator("dialog .answer")).to_contain_text("192.0.2.1:80")
    expect(page.locator("dialog h1 .state")).to_have_text("up")
    page.get_by_role("button", name="Do it all the same").click()
    expect(page.locator("dialog h1 .state")).to_have_text("maintenance")
    assert all("401" in refusal or "409" in refusal for refusal in refusals)
