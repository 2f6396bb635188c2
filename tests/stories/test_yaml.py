"""The daemon on a configuration in YAML, of several files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE
from tests.stories.daemon import VIP, Daemon


def write(daemon: Daemon, weights: dict[str, int], section: str = "") -> Path:
    """Write the file that is included."""
    reals = "".join(f"      - {daemon.addresses[name]} masq {weight}\n" for name, weight in weights.items())
    shop = daemon.home / "conf.d" / "shop.yaml"
    shop.parent.mkdir(exist_ok=True)
    shop.write_text(f"virtuals:\n  - virtual: {VIP}\n{section}    reals:\n{reals}")
    return shop


def changed(daemon: Daemon) -> list[object]:
    """Return the files that were found changed so far."""
    return [line["path"] for line in daemon.so_far("config_changed")]


def begin(daemon: Daemon) -> None:
    daemon.name = "story.yaml"
    daemon.config.write_text(f"""\
autoreload: yes
checkinterval: 1
negotiatetimeout: 1
quiescent: yes
logfile: {daemon.home}/log
metricslisten: {daemon.port}
include: conf.d/*
defaults:
  service: http
  request: alive.html
  receive: I'm alive!
  login: {{file: secret}}
""")
    (daemon.home / "secret").write_text("someone\n")


def test_included_files_are_watched_and_taken_up(daemon: Daemon) -> None:
    begin(daemon)
    shop = write(daemon, {"one": 3})
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3})
    shop = write(daemon, {"one": 3, "two": 2})
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2})
    daemon.until(lambda: changed(daemon)[-1:] == [str(shop)])

    other = daemon.home / "conf.d" / "other.cf"
    other.write_text(f"virtual=192.0.2.2:80\n\treal={daemon.addresses['three']} masq 7\n\n")
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 7})
    daemon.until(lambda: changed(daemon)[-1:] == [str(other)])

    other.write_text("virtual=192.0.2.2:80\n\treal=nothing\n\n")
    daemon.until(lambda: daemon.metrics().get("ldirectord_config_last_reload_successful") == 0)
    daemon.until(lambda: any(f"{other} at line 2: real nothing: " in str(line["message"]) for line in daemon.log()))
    assert daemon.weights() == {"one": 3, "two": 2, "three": 7}

    other.unlink()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2})
    assert daemon.metrics()["ldirectord_config_last_reload_successful"] == 1

    daemon.logged("reloaded", 3)
    (daemon.home / "secret").write_text("someone else\n")
    daemon.logged("reloaded", 4)
    assert changed(daemon)[-1] == str(daemon.home / "secret")
    assert daemon.end() == 0
    assert "someone" not in (daemon.home / "log").read_text()


def test_a_server_that_fails_one_of_its_checks_is_out(daemon: Daemon) -> None:
    begin(daemon)
    spare = daemon.addresses["three"].rpartition(":")[2]
    write(daemon, {"one": 3, "two": 2}, f"    checks: [{{request: alive.html}}, {{checkport: {spare}}}]\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2})
    daemon.sites["three"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 0, "two": 0})
    daemon.until(lambda: any(str(line["detail"]).startswith("check 2 of 2: ") for line in daemon.so_far("real_down")))
    daemon.sites["three"].alive()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2})
    daemon.sites["one"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 0, "two": 2})
    daemon.until(lambda: any(str(line["detail"]).startswith("check 1 of 2: ") for line in daemon.so_far("real_down")))
    assert daemon.end() == 0


def test_a_daemon_with_secrets_in_its_environment_is_stopped_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(
        f"logfile: {tmp_path}/log\nvirtuals:\n  - virtual: 192.0.2.1:80\n    checktype: connect\n"
        "    login: {env: STORY_LOGIN}\n    passwd: {credential: story}\n    reals: [127.0.0.1:1 masq]\n"
    )
    (tmp_path / "story").write_text("a secret\n")
    monkeypatch.setenv("LDIRECTORD_RUN_DIR", str(tmp_path))

    def act(action: str, **variables: str) -> tuple[int, str]:
        words = [sys.executable, "-m", "ldirectord_py", "--table", "memory", str(file), action]
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, env={**os.environ, **variables}, timeout=PATIENCE
        )
        return done.returncode, done.stderr

    assert act("start")[0] == 2, "the daemon itself needs them"
    assert act("start", STORY_LOGIN="me", CREDENTIALS_DIRECTORY=str(tmp_path)) == (0, "")
    try:
        assert act("status")[0] == 0
        assert act("reload") == (0, "")
        assert act("restart")[0] == 2
        assert act("status")[0] == 0
    finally:
        assert act("stop") == (0, "")
    assert act("status")[0] == 3


@pytest.mark.parametrize("name", ["ldirectord.cf", "ldirectord.yaml"])
def test_the_examples_are_fine(name: str) -> None:
    example = Path(__file__).resolve().parents[2] / "etc" / name
    words = [sys.executable, "-m", "ldirectord_py", str(example), "configtest"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ, timeout=PATIENCE)
    assert done.returncode == 0
    assert f"Configuration {example} is fine: " in done.stdout
