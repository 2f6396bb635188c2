"""What both programs are to conclude: the heart of `test_beside_the_original.py`."""

from collections.abc import Mapping, Sequence

from tests.servers.mariadb import LOGIN, PASSWORD
from tests.servers.slapd import WATCHER
from tests.servers.verdicts.mail import MAIL
from tests.servers.verdicts.rows import (
    DIES,
    DOWN,
    FAULT,
    HANGS,
    PLAIN,
    REFUSED,
    REJECTS,
    SILENT,
    SLOWER,
    TLS,
    UP,
    Row,
    Service,
    Words,
)
from tests.servers.vsftpd import PASSWORD as FTP_PASSWORD

_ALICE = {"login": "alice@example.org"}
_TIRING = {"request": "tiring.html", "receive": "^((a+)+)+!\\2\\2;$"}
_SQL = {"login": LOGIN, "passwd": PASSWORD, "database": "hole"}
_RADIUS = {"service": "radius", "login": "nemo", "secret": "s3cret"}


def _http(service: str) -> Sequence[Row]:
    page = "http://www.example.org/" if service == "http_proxy" else ""
    return (
        Row("success", "web", UP, words={"request": f"{page}alive.html", "receive": "alive"}),
        Row("success, any page", "web", UP, words={"request": f"{page}alive.html"}),
        Row("success, HEAD", "web", UP, words={"request": f"{page}alive.html", "httpmethod": "HEAD"}),
        Row("wrong answer", "web", DOWN, words={"request": f"{page}alive.html", "receive": "dead"}),
        Row("status 503", "web", DOWN, words={"request": f"{page}busy.html"}),
        Row("refused", "refused", DOWN, words={"request": f"{page}alive.html"}),
        Row("silent", "silent", DOWN, words={"request": f"{page}alive.html"}),
        Row("says nothing and ends", "closing", DOWN, words={"request": f"{page}alive.html"}),
    )


def _dns(words: Words) -> Service:
    return Service(
        {"service": "dns"} | words,
        (
            Row("success", "nsd", UP, words={"request": "www.example.org", "receive": "10.0.0.7"}),
            Row("success, PTR", "nsd", UP, words={"request": "10.0.0.7", "receive": "www.example.org"}),
            Row("success, no receive", "nsd", UP, DOWN, "dns", {"request": "www.example.org"}),
            Row("success, AAAA", "nsd", UP, DOWN, "dns", {"request": "www.example.org AAAA", "receive": "2001:db8::7"}),
            Row("wrong answer", "nsd", DOWN, words={"request": "www.example.org", "receive": "^192"}),
            Row("no such name", "nsd", DOWN, words={"request": "nobody.example.org", "receive": "1"}),
            Row("refused", "refused", DOWN, words={"request": "www.example.org", "receive": "1"}),
            Row("silent", "silent", DOWN, words={"request": "www.example.org", "receive": "1"}),
            *([TLS] if words["protocol"] == "tcp" else ()),
        ),
    )


def _sip(words: Words) -> Service:
    return Service(
        {"service": "sip"} | words,
        (
            Row("success", "kamailio", UP, words={"login": "dave@example.org"}),
            Row("success, no login", "kamailio", UP),
            Row("success, password", "kamailio", UP, DOWN, "sip", _ALICE | {"passwd": "rabbit-hole"}),
            Row("wrong password", "kamailio", DOWN, words=_ALICE | {"passwd": "looking-glass"}),
            Row("wrong answer: 503", "kamailio", DOWN, words={"login": "carol@example.org"}),
            REFUSED,
            SILENT,
            *([TLS] if words["protocol"] == "tcp" else ()),
        ),
    )


def _ldap(service: str) -> Service:
    base = "dc=example,dc=org"
    login = {"login": WATCHER, "passwd": "hush", "request": base}
    return Service(
        {"service": service},
        (
            Row("success", service, UP),
            Row("success, password", service, UP, words=login),
            Row("success, name matches", service, UP, words=login | {"receive": "example"}),
            Row("success, attribute matches", service, UP, DOWN, "ldap, ldaps", login | {"receive": "alive"}),
            Row("wrong password", service, DOWN, words=login | {"passwd": "wrong"}),
            Row("wrong answer", service, DOWN, words=login | {"receive": "elsewhere"}),
            Row("no such entry", service, DOWN, words=login | {"request": "ou=nowhere"}),
            REFUSED,
            SILENT,
            TLS if service == "ldap" else PLAIN,
        ),
    )


def _sql(service: str) -> Service:
    one = _SQL | {"request": "select 1"}
    # With PostgreSQL the client speaks first, and a server that waits for TLS does not like what it hears.
    theirs, why = (HANGS, "databases") if service == "mysql" else (DOWN, "")
    return Service(
        {"service": service},
        (
            Row("success", "sql", UP, words=_SQL | {"request": "select * from rabbits"}),
            Row("no login", "sql", DOWN, words={"request": "select 1"}),
            Row("wrong password", "sql", DOWN, words=one | {"passwd": "looking-glass"}),
            Row("wrong answer: no row", "sql", DOWN, words=_SQL | {"request": "select * from rabbits where 1 = 0"}),
            Row("wrong answer: no such table", "sql", DOWN, words=_SQL | {"request": "select * from foxes"}),
            Row("wrong answer: no SQL", "sql", DOWN, words=_SQL | {"request": "sing a song"}),
            Row("refused", "refused", DOWN, words=one),
            Row("silent", "silent", DOWN, HANGS, "databases", one),
            Row("TLS server asked plainly", "tls", DOWN, theirs, why, one),
        ),
    )


def _simpletcp(words: Words) -> Service:
    ping = SLOWER | {"request": "PING\\n"}
    return Service(
        {"service": "simpletcp"} | words,
        (
            Row("success", "pong", UP, words=ping | {"receive": "PONG"}),
            Row("success, no receive", "pong", UP, DOWN, "simpletcp", ping),
            Row("wrong answer", "pong", DOWN, words=ping | {"receive": "PING"}),
            Row("refused", "refused", DOWN, words={"request": "PING\\n", "receive": "PONG"}),
            Row("silent", "silent", DOWN, words={"request": "PING\\n", "receive": "PONG"}),
            *([TLS] if words["protocol"] == "tcp" else ()),
        ),
        apart=words["protocol"] == "udp",
    )


TABLE: Mapping[str, Service] = {
    "http": Service(
        {"service": "http"},
        (
            *_http("http"),
            TLS,
            Row("nginx: success", "nginx", UP, words={"request": "alive.html", "receive": "alive"}),
            Row("nginx: success, chunked", "nginx", UP, words={"request": "chunked/alive.html", "receive": "alive"}),
            Row("nginx: success, redirected", "nginx", UP, words={"request": "absolute", "receive": "alive"}),
            Row("nginx: wrong answer", "nginx", DOWN, words={"request": "alive.html", "receive": "dead"}),
            Row("nginx: password wanted", "nginx", DOWN, words={"request": "private"}),
            Row("nginx: status 503", "nginx", DOWN, words={"request": "tired"}),
            Row("no header", "text", DOWN, UP, "odd answers", {"request": "alive.html"}),
            Row("no header, but receive matches", "text", UP, words={"request": "alive.html", "receive": "welcome"}),
            Row("no length", "web", UP, words={"request": "endless.html", "receive": "alive"}),
            Row(
                "malformed chunks",
                "web",
                DOWN,
                UP,
                "odd answers",
                {"request": "chunks.html", "receive": "alive"},
            ),
            Row("malformed chunks, any page", "web", UP, words={"request": "chunks.html"}),
            Row(
                "virtualhost",
                "web",
                UP,
                words={"request": "who.html", "receive": "^www.x.org", "virtualhost": "www.x.org"},
            ),
            Row("late in a large page", "web", DOWN, UP, "body limit", {"request": "large.html", "receive": "alive"}),
            Row("redirect, itself", "web", UP, words={"request": "moved.html", "receive": "alive"}),
            Row("redirect, seven times", "web", UP, words={"request": "hops/6", "receive": "alive"}),
            Row("redirect, eight times", "web", DOWN, words={"request": "hops/7", "receive": "alive"}),
            Row("redirect, elsewhere", "web", DOWN, UP, "redirects", {"request": "away.html", "receive": "alive"}),
            Row("a pair of its own", "web", UP, words={"request": "busy.html"}, pair='"alive.html","alive"'),
            Row("success over IPv6", "web6", UP, words={"request": "alive.html", "receive": "alive"}),
            Row("with a slash", "web", UP, DOWN, "per-real request", {"request": "busy.html"}, '"/alive.html","alive"'),
            Row("a pattern that tires", "web", DOWN, HANGS, "combined limits", _TIRING),
            Row(
                "a pattern that is none",
                "web",
                REJECTS,
                DIES,
                "bad patterns",
                {"request": "alive.html", "receive": "(alive"},
            ),
        ),
    ),
    "https": Service(
        {"service": "https"},
        (
            *_http("https"),
            Row("success, certificate of its own", "own", UP, DOWN, "tls", {"request": "alive.html"}),
            Row(
                "success, SNI", "by name", UP, DOWN, "tls", {"request": "alive.html", "virtualhost": "www.example.org"}
            ),
            Row("no SNI", "by name", DOWN, words={"request": "alive.html"}),
            PLAIN,
        ),
    ),
    "http_proxy": Service(
        {"service": "http_proxy"},
        (
            *_http("http_proxy"),
            TLS,
            Row("Squid: success", "squid", UP, words={"request": "SITE/alive.html", "receive": "alive"}),
            Row("Squid: wrong answer", "squid", DOWN, words={"request": "SITE/alive.html", "receive": "dead"}),
            Row("Squid: status 503", "squid", DOWN, words={"request": "SITE/tired"}),
            Row("Squid: forbidden", "squid", DOWN, words={"request": "FORBIDDEN/alive.html"}),
        ),
    ),
    "combined": Service(
        {"service": "http", "checktype": "2", "request": "alive.html"},
        (
            Row("success", "web", UP, words={"receive": "alive"}),
            Row("wrong answer", "web", DOWN, words={"receive": "dead"}),
            REFUSED,
            SILENT,
        ),
    ),
    **MAIL,
    "ldap": _ldap("ldap"),
    "ldaps": _ldap("ldaps"),
    "dns over udp": _dns({"protocol": "udp"}),
    "dns over tcp": _dns({"protocol": "tcp"}),
    "ftp": Service(
        {"service": "ftp", "login": "anonymous", "passwd": FTP_PASSWORD},
        (
            Row("success", "vsftpd", UP, words={"request": "FOLDER/status.txt", "receive": "ready"}),
            Row(
                "wrong password", "vsftpd", DOWN, words={"request": "FOLDER/status.txt", "receive": "a", "passwd": "x"}
            ),
            Row("wrong answer", "vsftpd", DOWN, words={"request": "FOLDER/status.txt", "receive": "steady"}),
            Row("no such file", "vsftpd", DOWN, words={"request": "FOLDER/nothing", "receive": "ready"}),
            Row("no such file, no receive", "vsftpd", DOWN, UP, "ftp", {"request": "FOLDER/nothing"}),
            Row("refused", "refused", DOWN, words={"request": "FOLDER/status.txt", "receive": "ready"}),
            Row("refused, no receive", "refused", DOWN, UP, "ftp"),
            Row("silent", "silent", DOWN, words={"request": "FOLDER/status.txt", "receive": "ready"}),
            Row("TLS server asked plainly", "tls", DOWN, words={"request": "FOLDER/status.txt", "receive": "ready"}),
        ),
    ),
    "mysql": _sql("mysql"),
    "pgsql": _sql("pgsql"),
    "radius": Service(
        _RADIUS,
        (
            Row("success", "lenient", UP, words={"passwd": "arctangent"}),
            Row("success, hardened server", "hardened", UP, DOWN, "radius", SLOWER | {"passwd": "arctangent"}),
            Row("wrong password", "lenient", DOWN, words={"passwd": "wrong"}),
            Row("wrong secret", "wrong secret", DOWN, words={"passwd": "arctangent", "secret": "other"}),
            Row("refused", "refused", DOWN, words={"passwd": "arctangent"}),
            Row("silent", "silent", DOWN, words={"passwd": "arctangent"}),
        ),
    ),
    "sip over udp": _sip({"protocol": "udp"}),
    "sip over tcp": _sip({"protocol": "tcp"}),
    "simpletcp over tcp": _simpletcp({"protocol": "tcp"}),
    "simpletcp over udp": _simpletcp({"protocol": "udp"}),
    "external": Service(
        {"checktype": "external"},
        (
            Row("success", "any", UP, words={"checkcommand": "FOLDER/yes"}),
            Row("failure", "any", DOWN, words={"checkcommand": "FOLDER/no"}),
            Row("ended by a signal", "any", DOWN, UP, "external signals", {"checkcommand": "FOLDER/killed"}),
            Row("no such program", "any", FAULT, DOWN, "missing program", {"checkcommand": "FOLDER/missing"}),
            Row("silent", "silent", DOWN, words={"checkcommand": "FOLDER/sleeps"}),
        ),
    ),
    "external-perl": Service(
        {"checktype": "external-perl"},
        (
            Row("success", "any", UP, words={"checkcommand": "FOLDER/yes.pl"}),
            Row("success, by its end", "any", UP, words={"checkcommand": "FOLDER/end.pl"}),
            Row("success, by return", "any", UP, words={"checkcommand": "FOLDER/return.pl"}),
            Row("failure", "any", DOWN, words={"checkcommand": "FOLDER/no.pl"}),
            Row("silent", "silent", DOWN, words={"checkcommand": "FOLDER/sleeps.pl"}),
            Row("dies", "silent", DOWN, DIES, "external-perl", {"checkcommand": "FOLDER/dies.pl"}),
            Row("no such script", "silent", FAULT, DIES, "missing program", {"checkcommand": "FOLDER/missing.pl"}),
        ),
    ),
    "connect": Service(
        {"checktype": "connect"},
        (Row("success", "plain", UP), Row("silent", "silent", UP), Row("TLS", "tls", UP), REFUSED),
    ),
    "connect over udp": Service({"checktype": "connect", "protocol": "udp"}, (Row("success", "any", UP),)),
    "on": Service({"checktype": "on"}, (Row("refused", "refused", UP),)),
    "none": Service(
        {"service": "none"},
        (
            Row("success", "plain", UP),
            Row("refused", "refused", UP),
            Row("refused, checktype=3", "refused", DOWN, UP, "combined with none", {"checktype": "3"}),
        ),
    ),
    "ping": Service(
        {"checktype": "ping"},
        (Row("success", "any", UP), Row("success over IPv6", "any6", UP, DOWN, "ping over IPv6", SLOWER)),
    ),
    "ping, nobody answers": Service({"checktype": "ping"}, (Row("silent", "silent", DOWN),)),
}
