import re
from pathlib import Path

from ldirectord_py.api.page.routes import POLICY
from tests.unit.api.asking import ask, serving

SERVER = "10.0.0.6:80@tcp:10.0.0.1:80"


async def test_the_page_comes_with_a_strict_policy(tmp_path: Path) -> None:
    async with serving(tmp_path) as sock:
        found = await ask(sock, "/", Cookie="theme=dark")
    assert (found.status, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert found.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert found.headers["referrer-policy"] == "no-referrer"
    page = found.body.decode()
    assert 'data-theme="dark"' in page
    assert f'id="r-{SERVER}"' in page
    assert page.endswith("</html>")


async def test_a_theme_that_is_none_is_left_out(tmp_path: Path) -> None:
    async with serving(tmp_path) as sock:
        found = await ask(sock, "/", Cookie='theme="><script>')
    assert b"data-theme" not in found.body


async def test_files_are_kept_under_their_version_only(tmp_path: Path) -> None:
    async with serving(tmp_path) as sock:
        page = (await ask(sock, "/")).body.decode()
        (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
        found = await ask(sock, style)
        assert (found.status, found.headers["content-type"]) == (200, "text/css; charset=utf-8")
        assert "immutable" in found.headers["cache-control"]
        old = await ask(sock, "/page/0123/page.css")
        assert (old.body, old.headers["cache-control"]) == (found.body, "no-store")
        for nothing in ("/page/0123/pages.py", "/page/0123/..%2fpages.py", "/page/0123/%2e%2e%2fpages.py"):
            assert (await ask(sock, nothing)).status == 404


async def test_pieces_come_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as sock:
        changed = (await ask(sock, f"/page/changed?name={SERVER}")).body.decode()
        assert re.findall(r'id="([rh]-[^"]+)"', changed) == ["h-tcp:10.0.0.1:80", f"r-{SERVER}"]
        everything = (await ask(sock, "/page/changed?everything=1&feed=1")).body.decode()
        assert 'id="overview"' in everything
        assert 'id="feed"' in everything
        listed = (await ask(sock, "/page/list?state=down")).body.decode()
        assert re.findall(r'id="(r-[^"]+)"', listed) == [f"r-{SERVER}"]
        assert b'id="detail"' in (await ask(sock, f"/page/server?name={SERVER}")).body
        nobody = await ask(sock, "/page/server?name=nobody")
        assert (nobody.status, nobody.detail) == (404, "there is no server nobody")


async def test_a_server_that_is_down_is_told_with_its_reason(tmp_path: Path) -> None:
    async with serving(tmp_path) as sock:
        page = (await ask(sock, f"/?server={SERVER}")).body.decode()
    assert "GET http:" not in page  # this one is never asked
    assert '<span class="state down">' in page
    assert "may give commands" in page
