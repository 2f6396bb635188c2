"""The Debian package: made, looked over, unpacked, and installed in place of the Perl program's."""

import subprocess
from pathlib import Path

import pytest

from ldirectord_py import __version__
from tests.peers.patience import BUILDING

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.timeout(BUILDING), pytest.mark.long]
"""pip fetches the libraries, and they are compressed: 40 s on an idle machine."""

# The machine's own folders with a layer over them, which goes with the mount namespace.
_LAYER = r"""
set -e
mount -t tmpfs tmpfs "$1"
for place in usr etc var; do
  mkdir -p "$1/$place/upper" "$1/$place/work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$1/$place/upper,workdir=$1/$place/work" "/$place"
done
"""

_INSTALL = (
    _LAYER
    + r"""
printf 'virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n' >/etc/ha.d/ldirectord.cf
chmod 644 /etc/ha.d/ldirectord.cf
echo 'a line of the Perl program' >/var/log/ldirectord.log
chown root:root /var/log/ldirectord.log
dpkg --install "$2" >/dev/null 2>&1
ldirectord -v | head -1
ldirectord configtest | head -n 1
dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' ldirectord ldirectord-py
stat --format '%U %a' /var/log/ldirectord.log
su ldirectord -s /bin/sh -c 'ldirectord ldirectord.cf status; echo "status $?"'
readlink /etc/ha.d/resource.d/ldirectord
OCF_ROOT=/usr/lib/ocf /usr/lib/ocf/resource.d/ldirectord_py/ldirectord validate-all; echo "validate-all $?"
man --where ldirectord ldirectord.cf
dpkg --purge ldirectord-py >/dev/null 2>&1
ls -d /usr/lib/ldirectord-py /usr/sbin/ldirectord /etc/ha.d/ldirectord.cf 2>/dev/null || true
"""
)

# The switch as an operator makes it: the Perl package is there, enabled, with a configuration of the operator's; ours
# takes its place; the old one is purged, perhaps some upgrade later.
_PURGE_THE_OLD = (
    _LAYER
    + r"""
printf 'virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n' >/etc/ha.d/ldirectord.cf
wants=/etc/systemd/system/multi-user.target.wants/ldirectord.service
mkdir -p "${wants%/*}" && ln -sf /lib/systemd/system/ldirectord.service "$wants"
echo "$wants" >/var/lib/systemd/deb-systemd-helper-enabled/ldirectord.service.dsh-also
dpkg --install "$2" >/dev/null 2>&1
printf '\tchecktype=connect\n' >>/etc/ha.d/ldirectord.cf
$3
dpkg --purge ldirectord >/dev/null 2>&1
dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' 'ldirectord*'
tail -n 1 /etc/ha.d/ldirectord.cf | tr -d '\t'
tail -n 1 /var/backups/ldirectord.cf | tr -d '\t'
readlink "$wants"
ls -d /etc/logrotate.d/ldirectord /etc/ha.d/resource.d/ldirectord
dpkg --purge ldirectord-py >/dev/null 2>&1
ls -d "$wants" /etc/logrotate.d/ldirectord /etc/ha.d/ldirectord.cf* 2>/dev/null || true
dpkg-divert --list '*ldirectord*'
"""
)

DATABASE = """virtual=192.0.2.{number}:1
\tservice={service}
\trequest="SELECT 1"
\tlogin="x"
\tdatabase="x"
\treal=192.0.2.9:1 gate

"""


def run(*words: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment or None
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    made = run(ROOT / "debian/build-package", folder)
    assert made.returncode == 0, made.stdout
    (found,) = folder.glob("*.deb")
    return found


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    assert run("dpkg-deb", "-x", package, folder).returncode == 0
    return folder


def test_its_version_is_the_program_s(package: Path) -> None:
    assert package.name.startswith(f"ldirectord-py_{__version__}_")


def test_lintian_finds_nothing(package: Path) -> None:
    looked = run("lintian", "--allow-root", "--fail-on", "error,warning", package)
    assert looked.returncode == 0, looked.stdout


def test_what_an_operator_looks_for_is_there(unpacked: Path) -> None:
    for place in (
        "usr/sbin/ldirectord",
        "lib/systemd/system/ldirectord.service",
        "lib/systemd/system/ldirectord@.service",
        "lib/systemd/system/ldirectord-realserver.service",
        "etc/default/ldirectord-realserver",
        "lib/systemd/system/ldirectord-announce.service",
        "etc/default/ldirectord-announce",
        "usr/share/doc/ldirectord-py/examples/bird/director.conf",
        "usr/lib/sysusers.d/ldirectord-py.conf",
        "usr/lib/tmpfiles.d/ldirectord-py.conf",
        "usr/lib/ocf/resource.d/ldirectord_py/ldirectord",
        "etc/ha.d/resource.d/ldirectord-role",
        "etc/logrotate.d/ldirectord",
        "usr/share/bash-completion/completions/ldirectord",
        "usr/share/doc/ldirectord-py/runbooks.md",
        "usr/share/doc/ldirectord-py/examples/prometheus/ldirectord.rules.yml",
        "usr/share/doc/ldirectord-py/examples/prometheus/ldirectord.test.yml",
        "usr/share/doc/ldirectord-py/examples/grafana/ldirectord.json",
        "usr/share/doc/ldirectord-py/examples/ha.d/haresources",
        "usr/share/doc/ldirectord-py/examples/pacemaker/promotable.crm",
        "usr/share/zsh/vendor-completions/_ldirectorctl",
        "usr/share/fish/vendor_completions.d/ldirectorctl.fish",
        "usr/share/man/man8/ldirectorctl.8.gz",
        "usr/share/man/man8/ldirectord.8.gz",
        "usr/share/man/man5/ldirectord.cf.5.gz",
    ):
        assert (unpacked / place).is_file(), place


def test_nothing_in_it_tells_where_it_was_made(unpacked: Path) -> None:
    kept = {path.name for path in (unpacked / "usr/lib/ldirectord-py").iterdir()}
    assert kept == {"bin", "lib", "pyvenv.cfg"}
    texts = [unpacked / "usr/sbin/ldirectord", unpacked / "usr/lib/ldirectord-py/pyvenv.cfg"]
    assert not any("/tmp" in text.read_text() or str(ROOT) in text.read_text() for text in texts)


def test_the_program_runs_from_what_was_unpacked(unpacked: Path, tmp_path: Path) -> None:
    (modules,) = unpacked.glob("usr/lib/ldirectord-py/lib/python3.*/site-packages")
    command = ("/usr/bin/python3", "-B", unpacked / "usr/sbin/ldirectord")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(modules)}
    told = run(*command, "-v", **environment)
    assert (told.returncode, told.stdout.splitlines()[0]) == (0, "Linux Director v1.186-ha")
    config = tmp_path / "x.cf"
    config.write_text(
        "".join(
            DATABASE.format(number=number, service=service)
            for number, service in enumerate(("mysql", "oracle", "pgsql"), 1)
        )
    )
    told = run(*command, config, "configtest", **environment)
    assert (told.returncode, told.stdout.splitlines()[0]) == (
        0,
        f"Configuration {config} is fine: 3 virtual services, 3 real servers",
    )


def test_it_takes_the_place_of_the_perl_package_and_leaves_as_it_came(package: Path, tmp_path: Path) -> None:
    if run("unshare", "--mount", "true").returncode:
        pytest.skip("this machine lets nobody have a mount namespace")
    done = run("unshare", "--mount", "sh", "-c", _INSTALL, "sh", tmp_path, package)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "Linux Director v1.186-ha",
            "Configuration /etc/ha.d/ldirectord.cf is fine: 1 virtual service, 1 real server",
            "ldirectord config-files",
            "ldirectord-py installed",
            "ldirectord 640",
            "ldirectord is stopped for /etc/ha.d/ldirectord.cf",
            "status 3",
            "/usr/sbin/ldirectord",
            "validate-all 0",
            "/usr/share/man/man8/ldirectord.8.gz",
            "/usr/share/man/man5/ldirectord.cf.5.gz",
            "/etc/ha.d/ldirectord.cf",
        ],
    )


@pytest.mark.parametrize(
    "between", ["true", 'dpkg --install "$2" >/dev/null 2>&1'], ids=["at once", "after an upgrade"]
)
def test_purging_the_perl_package_leaves_configuration_and_unit(package: Path, tmp_path: Path, between: str) -> None:
    if run("unshare", "--mount", "true").returncode:
        pytest.skip("this machine lets nobody have a mount namespace")
    script = _PURGE_THE_OLD.replace("$3", between)
    done = run("unshare", "--mount", "sh", "-c", script, "sh", tmp_path, package)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "ldirectord not-installed",
            "ldirectord-py installed",
            "checktype=connect",
            "real=192.0.2.2:80 gate",
            "/lib/systemd/system/ldirectord.service",
            "/etc/ha.d/resource.d/ldirectord",
            "/etc/logrotate.d/ldirectord",
            "/etc/ha.d/ldirectord.cf",
        ],
    )
