"""The directives tls*: which value counts, and what is wrong with the files that they name."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.probe import TlsOptions
from tests.peers.certificates import Authority, NamedAuthority
from tests.unit.config.readings import config_of, only_virtual, problems, warnings

HTTPS = "virtual=192.0.2.1:443\n\treal=192.0.2.2:443 gate\n\treal=192.0.2.3:443 gate\n"
ACME = Authority()


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system trust somebody, on machines without ca-certificates too."""
    trusted = tmp_path / "store.pem"
    trusted.write_bytes(ACME.ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))


@dataclass(frozen=True)
class Folder:
    path: Path

    def put(self, name: str, *contents: bytes) -> str:
        file = self.path / name
        file.write_bytes(b"".join(contents))
        return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    issued = ACME.ca.issue_cert("director.example")
    other = ACME.ca.issue_cert("director.example")
    key = issued.private_key_pem.bytes()
    locked = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"geheim")
    )
    folder = Folder(tmp_path)
    folder.put("ca.pem", "# Größte Stelle\n".encode(), ACME.ca.cert_pem.bytes())
    folder.put("both.pem", issued.private_key_and_cert_chain_pem.bytes())
    folder.put("cert.pem", issued.cert_chain_pems[0].bytes())
    folder.put("key.pem", key)
    folder.put("other.pem", other.private_key_pem.bytes())
    folder.put("locked.pem", locked)
    folder.put("empty.pem")
    folder.put("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    folder.put("broken-key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    folder.put("large.pem", bytes(4 * 2**20 + 1))
    return folder


def spoken(text: str) -> TlsOptions:
    """Return how TLS is spoken to each of the section's servers."""
    virtual = only_virtual(text)
    found = set()
    for real in virtual.reals:
        assert isinstance(real.plan, Repeated)
        assert real.plan.probe.target is not None
        found.add(real.plan.probe.target.tls)
    (tls,) = found
    assert tls is not None
    return tls


def test_nothing_is_verified_unless_asked_for() -> None:
    assert spoken(f"{HTTPS}\tvirtualhost=www.example.org\n") == TlsOptions(server_name="www.example.org")


def test_every_directive_reaches_the_check(folder: Folder) -> None:
    tls = spoken(
        f"{HTTPS}\ttlsverify=yes\n\ttlscafile={folder.path}/ca.pem\n\ttlscertfile={folder.path}/cert.pem\n"
        f'\ttlskeyfile="{folder.path}/key.pem"\n\ttlsservername=shop.example.org\n\tvirtualhost=www.example.org\n'
    )

    assert (tls.verify, tls.server_name) == (True, "shop.example.org")
    assert tls.authorities is not None
    assert tls.certificate is not None
    assert tls.key is not None
    assert [pem.path for pem in (tls.authorities, tls.certificate, tls.key)] == [
        f"{folder.path}/{name}.pem" for name in ("ca", "cert", "key")
    ]
    assert ACME.ca.cert_pem.bytes() in tls.authorities.content
    assert "PRIVATE" not in repr(tls)


def test_what_is_offered_reaches_the_check_from_both_places() -> None:
    everywhere = f'tlsciphers="HIGH:!DHE"\ntlsminimum=1.3\n{HTTPS}'

    assert spoken(everywhere) == TlsOptions(ciphers="HIGH:!DHE", minimum="1.3")
    assert spoken(f"{everywhere}\ttlsminimum=1.0\n") == TlsOptions(ciphers="HIGH:!DHE", minimum="1.0")


def test_a_short_key_of_ours_is_refused_where_the_level_of_security_forbids_it(folder: Folder) -> None:
    key = rsa.generate_private_key(65537, 1024)
    short = folder.put(
        "short.pem",
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        NamedAuthority("a").signed_for("a", key).public_bytes(Encoding.PEM),
    )
    section = f"{HTTPS}\ttlscertfile={short}\n"

    assert spoken(section).certificate is not None
    assert problems(f"{section}\ttlsverify=yes\n\tvirtualhost=a.example\n") == [
        f"ldirectord.cf:4: tlscertfile: {short} cannot be read: ee key too small"
    ]


def test_a_section_counts_more_than_the_global_part(folder: Folder) -> None:
    everywhere = (
        f"tlsverify=yes\ntlscafile={folder.path}/ca.pem\ntlscertfile={folder.path}/cert.pem\n"
        f"tlskeyfile={folder.path}/key.pem\ntlsservername=a.example\n"
    )
    globally, own = (
        spoken(everywhere + HTTPS),
        spoken(f"{everywhere}{HTTPS}\ttlsverify=no\n\ttlsservername=b.example\n"),
    )

    assert (globally.verify, globally.server_name) == (True, "a.example")
    assert (own.verify, own.server_name, own.authorities) == (False, "b.example", None)
    assert own.certificate == globally.certificate
    assert own.key == globally.key


def test_a_sections_own_certificate_goes_with_a_key_of_its_own(folder: Folder) -> None:
    tls = spoken(
        f"tlscertfile={folder.path}/cert.pem\ntlskeyfile={folder.path}/key.pem\n"
        f"{HTTPS}\ttlscertfile={folder.path}/both.pem\n"
    )

    assert tls.key is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("tlscafile={}/no.pem", "3: tlscafile: {}/no.pem cannot be read: No such file or directory"),
        ("tlscafile={}/empty.pem", "3: tlscafile: {}/empty.pem holds no certificate in PEM form"),
        ("tlscafile={}/key.pem", "3: tlscafile: {}/key.pem holds no certificate in PEM form"),
        ("tlscafile={}", "3: tlscafile: {} is a directory, not a file"),
        (
            "tlscafile={}/large.pem",
            "3: tlscafile: {}/large.pem is larger than 4 MiB, which no file of certificates is",
        ),
        (
            "tlscertfile={}/ca.pem",
            "3: tlscertfile: {}/ca.pem holds no private key in PEM form, and there is no tlskeyfile",
        ),
        ("tlscertfile={}/key.pem", "3: tlscertfile: {}/key.pem holds no certificate in PEM form"),
        (
            "tlscertfile={}/cert.pem\n\ttlskeyfile={}/other.pem",
            "3: tlscertfile: the key in {}/other.pem is not that of the certificate in {}/cert.pem",
        ),
        (
            "tlscertfile={}/cert.pem\n\ttlskeyfile={}/locked.pem",
            "3: tlscertfile: the key in {}/locked.pem needs a passphrase, and nobody is there to give one: decrypt it",
        ),
        (
            "tlscertfile={}/cert.pem\n\ttlskeyfile={}/no.pem",
            "4: tlskeyfile: {}/no.pem cannot be read: No such file or directory",
        ),
        (
            "tlscertfile={}/cert.pem\n\ttlskeyfile={}/empty.pem",
            "3: tlscertfile: {}/empty.pem holds no private key in PEM form",
        ),
        ("tlskeyfile={}/key.pem", "3: tlskeyfile: expected a tlscertfile, too"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(lines: str, expected: str, folder: Folder) -> None:
    text = "virtual=192.0.2.1:443\n\treal=192.0.2.2:443 gate\n\t" + lines.replace("{}", str(folder.path)) + "\n"

    assert problems(text) == [f"ldirectord.cf:{expected.replace('{}', str(folder.path))}"]


@pytest.mark.parametrize("line", ["tlscafile={}/broken.pem", "tlscertfile={}/cert.pem\ntlskeyfile={}/broken-key.pem"])
def test_a_file_that_is_damaged_is_told_once_however_many_sections_use_it(line: str, folder: Folder) -> None:
    sections = HTTPS + HTTPS.replace("192.0.2.1:", "192.0.2.9:")

    (problem,) = problems(line.replace("{}", str(folder.path)) + "\n" + sections)
    assert problem.startswith(f"ldirectord.cf:1: {line.partition('=')[0]}: {folder.path}/broken")
    assert " cannot be read: " in problem


def test_files_are_tried_while_nothing_is_verified_too(folder: Folder) -> None:
    assert problems(f"{HTTPS}\ttlscafile={folder.path}/empty.pem\n")


def test_a_file_with_another_content_is_another_check(folder: Folder) -> None:
    text = f"{HTTPS}\ttlsverify=yes\n\tvirtualhost=www.example.org\n\ttlscafile={folder.path}/ca.pem\n"
    before, again = config_of(text), config_of(text)
    folder.put("ca.pem", Authority().ca.cert_pem.bytes())
    after = config_of(text)

    assert before == again
    assert before.virtuals[0].reals[0].plan == again.virtuals[0].reals[0].plan
    assert before.virtuals[0].reals[0].plan != after.virtuals[0].reals[0].plan


def test_a_system_that_trusts_nobody_is_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else every server would be down, for a fault of ours."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certs.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere/certs")

    assert problems(f"tlsverify=yes\n{HTTPS}") == [
        "ldirectord.cf:1: tlsverify: this system trusts nobody: install ca-certificates, or name a tlscafile"
    ]
    assert spoken(f"tlsverify=yes\ntlscafile={folder.path}/ca.pem\n{HTTPS}").verify


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{HTTPS}\ttlsverify=yes\n",
            [
                (
                    "4: warning: tlsverify: no name is compared with the certificate's: there is no tlsservername, "
                    "and virtualhost is no name"
                )
            ],
        ),
        (f"{HTTPS}\ttlsverify=yes\n\tvirtualhost=www.example.org\n", []),
        (f"tlsverify=yes\n{HTTPS}\ttlsservername=10.0.0.1\n", []),
        (
            f"{HTTPS}\ttlscafile=CA\n",
            ["4: warning: tlscafile: this has no effect without tlsverify=yes"],
        ),
        (
            f"{HTTPS}\tchecktype=connect\n\ttlsverify=yes\n",
            ["5: warning: tlsverify: this has no effect: checktype=connect with service=https does not use it"],
        ),
        (
            f"{HTTPS}\tservice=http\n\ttlsservername=www.example.org\n",
            ["5: warning: tlsservername: this has no effect: checktype=negotiate with service=http does not use it"],
        ),
        (f"tlsverify=yes\n{HTTPS}\tservice=http\n", []),
        (
            f"{HTTPS}\tservice=http\n\ttlsciphers=HIGH\n\ttlsminimum=1.2\n",
            [
                f"{line}: warning: {name}: this has no effect: checktype=negotiate with service=http does not use it"
                for line, name in ((5, "tlsciphers"), (6, "tlsminimum"))
            ],
        ),
        (
            f"{HTTPS}\tvirtualhost=www.example.org\n\ttlsverify=yes\n\ttlsminimum=1.1\n",
            [
                (
                    "6: warning: tlsminimum: with tlsverify=yes OpenSSL speaks TLS 1.2 and newer only, "
                    "unless tlsciphers ends in :@SECLEVEL=0"
                )
            ],
        ),
        (
            f"tlsverify=yes\ntlsminimum=1.1\n{HTTPS}\tvirtualhost=a.example\n\ttlsciphers=DEFAULT:@SECLEVEL=0\n",
            [],
        ),
        (f"{HTTPS}\ttlsminimum=1.0\n", []),
        (
            f'tlsverify=yes\n{HTTPS}\tservice=pgsql\n\tlogin="a"\n\trequest="select 1"\n',
            ["1: warning: tlsverify: this has no effect on service=pgsql, whose driver verifies nothing"],
        ),
    ],
)
def test_what_has_no_effect_is_a_warning(text: str, expected: list[str], folder: Folder) -> None:
    text = text.replace("=CA\n", f"={folder.path}/ca.pem\n")

    assert warnings(text) == [f"ldirectord.cf:{warning}" for warning in expected]


def test_checksource_and_checkdevice_may_be_taken_back_in_a_section() -> None:
    options = only_virtual(f"checksource=192.0.2.250\ncheckdevice=eth1\n{HTTPS}\tchecksource=none\n").check_options

    assert (options.checksource, options.checkdevice) == (None, "eth1")


def test_a_global_checksource_of_another_family_is_told_where_the_section_begins() -> None:
    assert problems("checksource=192.0.2.250\nvirtual6=[2001:db8::1]:80\n\treal6=[2001:db8::2]:80 gate\n") == [
        "ldirectord.cf:2: checksource: expected an IPv6 address, as its real servers have, but got 192.0.2.250"
    ]
