"""The real servers: one host with many addresses, each server named for the trouble that it makes when told to."""

from tests.lab.support.namespaces import NETWORK_4, NETWORK_6, Host
from tests.parity.support.talking import DIALOGUES, Talker
from tests.peers.mailserver import MailServer
from tests.peers.webserver import ALIVE, Behaviour, Page, Site, WebServer

NUMBERS = {
    "pulse": 10,
    "sound": 11,
    "sick": 12,
    "shut": 13,
    "mute": 14,
    "gone": 15,
    "talker": 16,
    "post": 17,
    "sorry": 19,
}
"""`sick` answers with other pages, `shut` refuses connections, `mute` accepts them and says nothing, `gone` leaves the
network, `talker` speaks other protocols than HTTP and then refuses its service; `post` takes mails."""
WEB_PORTS = (80, 8080)
MAIL_PORT = 25
ALIVE_PAGES = {"/alive.html": Page(ALIVE), "/": Page(b"welcome"), "www.example.com/": Page(b"the virtual host")}
SICK_PAGES = {
    "/alive.html": Page(b"I'm afraid not"),
    "/": Page(b"no", 503),
    "www.example.com/": Page(b"no virtual host", 404),
}


class Farm:
    """Serves on every address of *host*; sites run in *web*."""

    def __init__(self, host: Host, web: WebServer) -> None:
        self.host, self._web = host, web
        for name in NUMBERS:
            self._take(name)
        self.sites = {name: Site(name) for name in NUMBERS}
        self._shut: set[str] = set()
        self._talker = Talker()
        self.post = MailServer(listener=host.listen(MAIL_PORT, address=address("post")))
        self.post.__enter__()
        for name, site in self.sites.items():
            site.pages = dict(ALIVE_PAGES)
            self._listen(name)
        for port, dialogue in DIALOGUES.items():
            self._talker.speak(host.listen(port, address=address("talker"), udp=dialogue.datagrams), dialogue)

    def close(self) -> None:
        """End what does not end with the web server."""
        self._talker.close()
        self.post.__exit__(None, None, None)

    def rounds(self) -> int:
        """Return how many rounds of checks have visited the pulse."""
        return self.sites["pulse"].requests["/pulse"]

    def trouble(self) -> None:
        """Let each server make the trouble that it is named for."""
        self.spoil("sick")
        self.shut("shut")
        self.sites["mute"].behaviour = Behaviour.HANG
        for where in _networks("gone"):
            self.host.links.delete_address(where)
        self._talker.sulking = True

    def spoil(self, name: str) -> None:
        """Let one server answer with other pages."""
        self.sites[name].pages = dict(SICK_PAGES)

    def shut(self, name: str) -> None:
        """Let one server refuse connections."""
        self._web.refuse(self.sites[name])
        self._shut.add(name)

    def fail(self) -> None:
        """Let every server but the pulse answer with other pages, or refuse its service."""
        self.recover()
        for name in self.sites:
            if name != "pulse":
                self.spoil(name)
        self._talker.sulking = True

    def recover(self, *names: str) -> None:
        """Let these, or all, serve as in the beginning."""
        for name in names or self.sites:
            self.sites[name].behaviour = Behaviour.SERVE
            self.sites[name].pages = dict(ALIVE_PAGES)
            if name in self._shut:
                self._listen(name)
                self._shut.remove(name)
        if not names:
            self._take("gone")
            self._talker.sulking = False

    def _listen(self, name: str) -> None:
        for port in WEB_PORTS:
            for where in (address(name), address6(name)):
                self._web.serve(self.sites[name], self.host.listen(port, address=where))

    def _take(self, name: str) -> None:
        for where in _networks(name):
            self.host.links.add_address(where)


def _networks(name: str) -> tuple[str, str]:
    return f"{address(name)}/24", f"{address6(name)}/64"


def address(name: str) -> str:
    """Return the IPv4 address of a server."""
    return f"{NETWORK_4}{NUMBERS[name]}"


def address6(name: str) -> str:
    """Return its IPv6 address."""
    return f"{NETWORK_6}{NUMBERS[name]}"
