"""What the status page costs: in Chromium, and the daemon.  `python benchmarks/page.py [SERVERS]`, as root or not.

A daemon checks so many web servers on the loopback once a second, and 50 of them change their state each second, while
a page with 500 of their rows is open, and one as it comes.  Needs Debian's chromium.

The browser's tasks are told as they went by and as the processor had them: on a machine that does other things too, the
second is what the page costs.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright

from tests.page.conftest import CHROMIUM
from tests.page.director import Director, Hosts, section
from tests.peers.webserver import WebServer

CHANGES = 50
"""A second."""
SECONDS = 20
DAEMON = "http://127.0.0.1:"
"""How the addresses of the page begin, by which its process is known among the browser's."""
LONG = 50
"""Milliseconds."""
ROWS = """
window.told = {}; window.took = []
new MutationObserver(changes => {
  for (const { type, target, addedNodes } of changes) {
    for (const row of type === "childList" ? addedNodes : [target]) {
      const change = row.dataset && row.dataset.name + row.dataset.status
      if (change && told[change]) { took.push(Date.now() - told[change]); delete told[change] }
    }
  }
}).observe(document.getElementById("list"), { subtree: true, childList: true, attributeFilter: ["data-status"] })
const parse = JSON.parse
JSON.parse = text => {
  const event = parse(text)
  if (event?.real) told[event.real + "@" + event.virtual + String(event.name).replace("real_", "")] = event.time * 1000
  return event
}
"""


def cpu(pid: int) -> float:
    """Return the seconds of the processor that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def flip(hosts: Hosts, servers: int, end: threading.Event, changes: float) -> None:
    number, sick = 0, set()
    while not end.wait(1 / changes):
        number = (number + 37) % servers
        (hosts.alive if number in sick else hosts.sick)(number)
        sick ^= {number}


class Tasks:
    """What the main thread of a page does meanwhile."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser = browser
        browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])

    def told(self) -> str:
        """End, and say how long the longest tasks took."""
        events = json.loads(self._browser.stop_tracing())["traceEvents"]
        threads = [each for each in events if each.get("name") == "thread_name"]
        main = {(each["pid"], each["tid"]) for each in threads if each["args"]["name"] == "CrRendererMain"}
        mine = main & {(each["pid"], each["tid"]) for each in events if DAEMON in json.dumps(each.get("args", {}))}
        tasks = [each for each in events if each.get("ph") == "X" and (each["pid"], each["tid"]) in mine]
        went, had = ([each.get(kind, 0) / 1000 for each in tasks] for kind in ("dur", "tdur"))
        slow = sum(1 for each in went if each > LONG)
        return f"longest task {max(had):.0f} ms of the processor; {slow} tasks took more than {LONG} ms by the clock"


def opened(browser: Browser, name: str, url: str) -> Page:
    """Open a page, and tell how that went."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tasks = Tasks(browser, page)
    page.goto(url)
    page.locator("#live", has_text="Live").wait_for()
    page.wait_for_timeout(1000)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    rows = page.locator("tr.server").count()
    print(f"{name}: {rows} rows, first paint after {paint:.0f} ms, {tasks.told()}", flush=True)
    return page


def changing(browser: Browser, name: str, page: Page, pid: int) -> None:
    page.evaluate(ROWS)
    tasks, before = Tasks(browser, page), cpu(pid)
    page.wait_for_timeout(SECONDS * 1000)
    took = page.evaluate("took")
    spent = (cpu(pid) - before) / SECONDS
    if len(took) > 1:
        fast = statistics.quantiles(took, n=100)
        pace = len(took) / SECONDS
        print(f"{name}: {pace:.0f} rows a second changed, {fast[49]:.0f} ms after the event (99 %: {fast[98]:.0f})")
    print(f"{name}: {tasks.told()}; the daemon had {spent:.1%} of a processor", flush=True)


def lag(director: Director) -> str:
    with urllib.request.urlopen(f"{director.url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return "; ".join(line for line in lines if line.startswith("ldirectord_scheduler_lag"))


def idle(name: str, director: Director) -> None:
    before = cpu(director.pid())
    time.sleep(SECONDS)
    print(f"{name}: the daemon has {(cpu(director.pid()) - before) / SECONDS:.1%} of a processor")


def main(servers: int) -> None:
    with tempfile.TemporaryDirectory() as home, WebServer() as web, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        director, hosts = Director(Path(home), interval=1), Hosts(web)
        each = max(1, servers // 10)
        reals = [[hosts.address(start + number) for number in range(each)] for start in range(0, servers, each)]
        director.write("".join(section(f"192.0.2.{number}:80", some) for number, some in enumerate(reals, 1)))
        director.start()
        try:
            idle("no page", director)
            page = opened(browser, "all is well", director.url)
            idle("all is well, a page is open", director)
            page.close()
            for name, query, changes in (
                ("one at a time", "/?q=127.", 1),
                ("all rows", "/?q=127.", CHANGES),
                ("as it comes", "/", CHANGES),
            ):
                end = threading.Event()
                flipper = threading.Thread(target=flip, args=(hosts, servers, end, changes), daemon=True)
                flipper.start()
                time.sleep(3)
                page = opened(browser, name, director.url + query)
                changing(browser, name, page, director.pid())
                page.close()
                end.set()
                flipper.join()
            print(lag(director))
        finally:
            director.end()
            browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
