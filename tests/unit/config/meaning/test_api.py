"""The directives of the API: which value counts, and what is wrong with the files that they name."""

from pathlib import Path

import pytest

from ldirectord_py.model.config import ANY_CLIENT
from tests.peers.certificates import Authority
from tests.unit.config.readings import config_of, problems, warnings

ACME = Authority()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    issued, other = ACME.ca.issue_cert("lb1.example"), ACME.ca.issue_cert("lb1.example")
    (tmp_path / "both.pem").write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    (tmp_path / "cert.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "other.pem").write_bytes(other.private_key_pem.bytes())
    (tmp_path / "ca.pem").write_bytes(ACME.ca.cert_pem.bytes())
    return tmp_path


def test_the_api_is_served_where_the_configuration_says_and_to_whom():
    text = "statuslisten=9894\napitokens=/etc/tokens\napigroup=adm\napireadgroup=none\napihosts=lb1, LB2.example.com\n"
    api = config_of(text).api
    assert (str(api.statuslisten), api.tokens, api.group, api.readgroup) == (
        "127.0.0.1:9894",
        "/etc/tokens",
        "adm",
        None,
    )
    assert api.hosts == ("lb1", "lb2.example.com")


def test_what_is_for_tcp_alone_has_no_meaning_without_it():
    warnings = config_of("apitokens=/etc/tokens\napihosts=lb1\n").warnings
    assert [str(each) for each in warnings] == [
        f"ldirectord.cf:{number}: warning: {name}: this has no meaning without statuslisten, such as 9894"
        for number, name in ((1, "apitokens"), (2, "apihosts"))
    ]


def test_tls_is_spoken_with_a_certificate_whose_key_may_be_in_its_file(folder: Path) -> None:
    tls = config_of(f"statuslisten=9894\napicertificate={folder}/both.pem\n").api.tls
    assert tls is not None
    assert (tls.certificate.path, tls.key, tls.clientca, tls.clients) == (f"{folder}/both.pem", None, None, ())


def test_clients_may_write_by_the_names_in_their_certificates(folder: Path) -> None:
    text = (
        f"statuslisten=9894\napicertificate={folder}/cert.pem\napikey={folder}/key.pem\napiclientca={folder}/ca.pem\n"
    )
    named, all_of_them = config_of(f"{text}apiclients=ops, Eve Example\n"), config_of(f"{text}apiclients=*\n")
    assert named.api.tls is not None
    assert all_of_them.api.tls is not None
    assert named.api.tls.key is not None
    assert named.api.tls.clientca is not None
    assert named.api.tls.clients == ("ops", "Eve Example")
    assert all_of_them.api.tls.clients == (ANY_CLIENT,)


def test_what_has_no_meaning_is_told(folder: Path) -> None:
    assert warnings(f"apicertificate={folder}/both.pem\napiclients=ops\n") == [
        "ldirectord.cf:1: warning: apicertificate: this has no meaning without statuslisten, such as 9894",
        (
            "ldirectord.cf:2: warning: apiclients: this has no meaning without apiclientca, "
            "which says whose certificates are believed"
        ),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("apikey={}/key.pem", "2: apikey: expected an apicertificate, too"),
        ("apiclientca={}/ca.pem", "2: apiclientca: expected an apicertificate, too"),
        ("apicertificate={}/no.pem", "2: apicertificate: {}/no.pem cannot be read: No such file or directory"),
        (
            "apicertificate={}/cert.pem",
            "2: apicertificate: {}/cert.pem holds no private key in PEM form, and there is no apikey",
        ),
        (
            "apicertificate={}/cert.pem\napikey={}/other.pem",
            "2: apicertificate: the key in {}/other.pem is not that of the certificate in {}/cert.pem",
        ),
        (
            "apicertificate={}/both.pem\napikey={}/no.pem",
            "3: apikey: {}/no.pem cannot be read: No such file or directory",
        ),
        (
            "apicertificate={}/both.pem\napiclientca={}/key.pem",
            "3: apiclientca: {}/key.pem holds no certificate in PEM form",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(lines: str, expected: str, folder: Path) -> None:
    text = f"statuslisten=9894\n{lines.replace('{}', str(folder))}\n"
    assert problems(text) == [f"ldirectord.cf:{expected.replace('{}', str(folder))}"]
