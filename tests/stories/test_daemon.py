"""The daemon at work: a real process, real web servers, a table in memory that its metrics show."""

import json
import signal
import socket
import time

import pytest

from tests.peers.certificates import Authority
from tests.peers.patience import PATIENCE
from tests.peers.webserver import Behaviour, Site, WebServer
from tests.stories.daemon import VIP, Daemon


def test_the_classic_story(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 0, "three": 1})
    (down,) = daemon.logged("real_down", 1)
    assert down["reason"] == "mismatch"
    assert "I'm alive!" in str(down["detail"])
    daemon.sites["two"].alive()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    for site in daemon.sites.values():
        site.behaviour = Behaviour.RESET
    daemon.until(lambda: daemon.metrics().get(f'ldirectord_virtual_fallback_active{{virtual="tcp:{VIP}"}}') == 1)
    assert daemon.end() == 0
    assert daemon.log()[-1]["message"] == "Linux Director Daemon terminated on signal: TERM"


@pytest.mark.parametrize("behaviour", [each for each in Behaviour if each is not Behaviour.SERVE], ids=str)
def test_a_server_that_misbehaves_is_out_and_the_others_stay_in(daemon: Daemon, behaviour: Behaviour) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.sites["two"].behaviour = behaviour
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 0, "three": 1})
    (down,) = daemon.logged("real_down", 1)

    assert down["reason"] in {"timeout", "reset", "closed"}
    assert daemon.end() == 0


def test_a_reload_takes_up_what_changed_and_leaves_the_rest_alone(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.logged("first_pass_completed", 1)
    before = len(daemon.so_far("table_changed"))
    daemon.write(weights={"one": 3, "two": 7})
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 7})

    changed = [str(line["message"]) for line in daemon.logged("table_changed", before + 2)[before:]]
    assert sorted(message.split(":")[0] for message in changed) == [
        "Purged real server (start)",
        "Restored real server",
    ]
    assert daemon.end() == 0


def test_a_reload_moves_the_log(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    moved = daemon.home / "moved"
    daemon.config.write_text(daemon.config.read_text().replace(f'"{daemon.home}/log"', f'"{moved}"'))
    daemon.tell(signal.SIGHUP)
    daemon.until(moved.exists)
    assert daemon.end() == 0

    assert "terminated on signal: TERM" in moved.read_text()
    assert "terminated" not in (daemon.home / "log").read_text()


def test_a_refused_reload_changes_nothing_and_says_every_reason(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.write(weights={"one": 9}, extra="quiescent=maybe\ncheckinterval=never\n")
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: daemon.metrics().get("ldirectord_config_last_reload_successful") == 0)
    daemon.logged("reload_refused", 1)
    refused = json.dumps(daemon.log())
    assert "story.cf at line 5: " in refused
    assert "story.cf at line 6: " in refused
    daemon.sites["one"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 0, "two": 2, "three": 1})
    daemon.sites["one"].alive()
    daemon.write(weights={"one": 4})
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: daemon.weights() == {"one": 4})

    assert daemon.metrics()["ldirectord_config_last_reload_successful"] == 1
    assert daemon.end() == 0


def test_autoreload_takes_up_a_changed_file_and_not_a_touched_one(daemon: Daemon) -> None:
    daemon.write(extra="autoreload=yes\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.config.touch()
    daemon.write(weights={"one": 5}, extra="autoreload=yes\n")
    daemon.until(lambda: daemon.weights() == {"one": 5})
    daemon.logged("reloaded", 1)
    assert daemon.end() == 0
    assert len(daemon.logged("config_changed")) == 1


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM], ids=lambda n: n.name)
def test_signals_without_meaning_do_no_harm(daemon: Daemon, number: signal.Signals) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    daemon.tell(number)
    daemon.sites["one"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 0, "two": 2, "three": 1})

    assert daemon.end() == 0


def test_a_parent_that_blocks_signals_cannot_keep_it_from_ending(daemon: Daemon) -> None:
    blocked = [signal.SIGTERM, signal.SIGHUP]
    daemon.write(weights={"one": 3})
    signal.pthread_sigmask(signal.SIG_BLOCK, blocked)  # inherited; given back after each test
    daemon.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
    daemon.until(lambda: daemon.weights() == {"one": 3})
    daemon.tell(signal.SIGHUP)
    daemon.logged("reloaded", 1)
    assert daemon.end() == 0


def test_systemd_is_told_of_readiness_reloads_progress_and_the_end(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(daemon.home / "notify"))
        manager.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(daemon.home / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        daemon.start()
        told = [manager.recv(4096).decode() for _ in range(4)]
        assert "READY=1" in told
        assert "WATCHDOG=1" in told
        daemon.tell(signal.SIGHUP)
        while not told[-1].startswith("RELOADING=1\nMONOTONIC_USEC="):
            told.append(manager.recv(4096).decode())
        while told[-1] != "READY=1":
            told.append(manager.recv(4096).decode())
        assert daemon.end() == 0
        while told[-1] != "STOPPING=1":  # nothing that is sent to a datagram socket gets lost on this machine
            told.append(manager.recv(4096).decode())


def test_a_metrics_address_in_use_keeps_no_director_from_its_work(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", daemon.port)):
        daemon.start()
        daemon.logged("first_pass_completed", 1)
    (warning,) = (line for line in daemon.so_far("said") if line["level"] == "warning")
    assert str(warning["message"]).startswith(
        f"metricslisten: cannot listen on 127.0.0.1:{daemon.port} for metrics: Address already in use"
    )
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    assert daemon.end() == 0


@pytest.mark.parametrize("_round", range(3))
def test_a_storm_of_sigterms_ends_it_once_and_in_order(daemon: Daemon, _round: int) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
    pid_file = daemon.home / "ldirectord.story.cf.pid"
    assert pid_file.exists()
    assert daemon.process is not None
    for _ in range(2000):
        if daemon.process.poll() is not None:
            break
        daemon.tell(signal.SIGTERM)

    assert daemon.process.wait(PATIENCE) == 0
    assert not pid_file.exists()
    assert len([line for line in daemon.log() if "terminated on signal" in str(line["message"])]) == 1


def test_a_certificate_is_judged_by_the_file_that_is_in_force(daemon: Daemon) -> None:
    """Its content counts, not its name: a reload takes it up, and whoever no longer fits goes out."""
    acme, authorities = Authority(), daemon.home / "ca.pem"
    authorities.write_bytes(acme.ca.cert_pem.bytes())
    with WebServer() as web:
        listener = socket.create_server(("127.0.0.1", 0))
        daemon.addresses["secure"] = "{}:{}".format(*listener.getsockname())
        web.serve(Site("secure"), listener, tls=acme.server("www.example", ends=5))
        real = f'virtual="tcp:192.0.2.1:443",real="{daemon.addresses["secure"]}"'
        daemon.write(
            section=f"\nvirtual=192.0.2.1:443\n\treal={daemon.addresses['secure']} masq\n\tservice=https\n"
            f'\trequest="alive.html"\n\tvirtualhost=www.example\n\ttlsverify=yes\n\ttlscafile={authorities}\n'
        )
        daemon.start()
        daemon.until(lambda: daemon.weights().get("secure") == 1)
        expires = daemon.metrics()[f"ldirectord_certificate_expiry_timestamp_seconds{{{real}}}"]
        assert expires == pytest.approx(time.time() + 5 * 86400, abs=3600)

        authorities.write_bytes(Authority().ca.cert_pem.bytes())
        daemon.tell(signal.SIGHUP)
        daemon.until(lambda: daemon.weights()["secure"] == 0)
        (down,) = daemon.logged("real_down", 1)
        assert down["reason"] == "tls"
        assert str(down["detail"]).endswith(f" is signed by nobody we trust; tlscafile names {authorities}")

        authorities.write_bytes(acme.ca.cert_pem.bytes())
        daemon.tell(signal.SIGHUP)
        daemon.until(lambda: daemon.weights()["secure"] == 1)

        daemon.tell(signal.SIGHUP)
        daemon.logged("reloaded", 3)
        assert daemon.end() == 0
    (warned,) = daemon.logged("certificate_expiring")  # once a day, whatever else happens
    assert warned["level"] == "warning"
    assert " expires in 4 days, on " in str(warned["message"])
