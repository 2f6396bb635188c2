"""What a mail says, and that nothing in a configuration can make it say more."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model.config import Alerting, AlertStatus, Virtual
from ldirectord_py.model.table import Settings
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.mail.message import Alert, Sender, addresses, compose, is_mailbox
from tests.unit.observers import happenings as the

US = Sender("root", "lvs1")
VIRTUAL = Virtual(key=the.WEB, settings=Settings(netmask=32), alerting=Alerting(recipients="admin@example.com"))
MESSAGE = "Deleted real server: 10.0.0.5:80 (10.0.0.1:80)"


def alert(recipients: str = "admin@example.com", sender: str | None = None, **more) -> Alert:
    virtual = replace(VIRTUAL, alerting=Alerting(recipients=recipients, sender=sender), **more)
    return Alert(virtual, MESSAGE, AlertStatus.RUNNING, 1_000_000_000)


def split(text: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = text.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def test_a_mail_is_the_originals_with_a_date_and_a_name_of_its_own():
    head, body = split(compose(alert(), US))
    assert head[:4] == [
        b"From: root@lvs1",
        b"To: admin@example.com",
        b"Subject: Deleted real server: 10.0.0.5:80 (10.0.0.1:80)",
        b"Date: Sun, 09 Sep 2001 01:46:40 +0000",
    ]
    assert re.fullmatch(rb"Message-ID: <[^<>@ ]+@lvs1>", head[4])
    assert len(head) == 5
    assert body == (
        b"ldirectord host: lvs1\r\n"
        b"Log-Message: Deleted real server: 10.0.0.5:80 (10.0.0.1:80)\r\n"
        b"Daemon-Status: running\r\n"
    )


# As the original has it, seen with Debian's ldirectord 4.12.0.
@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"servicename": "Shop"}, b"\r\nService name: Shop\r\n\r\n"),
        ({"comment": "only  "}, b"\r\nComment: only  \r\n\r\n"),
        ({"servicename": "Shop", "comment": "call  bob"}, b"\r\nService name: Shop\r\nComment: call  bob\r\n\r\n"),
    ],
    ids=str,
)
def test_a_services_name_and_a_comment_stand_at_the_end(more, end):
    head, body = split(compose(alert(**more), US))
    title = b"[Shop] " if "servicename" in more else b""
    assert b"Subject: " + title + MESSAGE.encode() in head
    assert body.split(b"\r\n")[1] == b"Log-Message: " + title + MESSAGE.encode()
    assert body.endswith(b"Daemon-Status: running\r\n" + end)


def test_the_configured_sender_is_in_from_and_for_sendmail_no_other():
    assert split(compose(alert(sender="Lvs <lvs@example.org>"), US))[0][0] == b"From: Lvs <lvs@example.org>"
    assert (
        split(compose(alert(sender="Lvs <lvs@example.org>"), US, named=False))[0][0] == b"From: Lvs <lvs@example.org>"
    )
    assert split(compose(alert(), US, named=False))[0][0] == b"To: admin@example.com"


def test_other_letters_than_asciis_reach_their_reader():
    text = compose(alert("Jürgen <j@example.com>, b@example.com", servicename="Läden", comment="Straße"), US)
    read = message_from_bytes(text, policy=default)
    assert read["Subject"] == f"[Läden] {MESSAGE}"
    assert read["To"] == "Jürgen <j@example.com>, b@example.com"
    assert read["Content-Type"] == 'text/plain; charset="utf-8"'
    assert "Comment: Straße\r\n".encode() in text
    assert "Comment: Straße\n" in read.get_content().replace("\r\n", "\n")


def test_bytes_that_are_no_utf8_are_written_out():
    text = compose(alert(comment=b"Stra\xdfe".decode("utf-8", "surrogateescape")), US)
    assert b"Comment: Stra\\xdfe\r\n" in text


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        ("admin@example.com", ("admin@example.com",)),
        ("a@example.com, b@example.com", ("a@example.com", "b@example.com")),
        ("a@example.com,a@example.com,", ("a@example.com",)),
        ("root", ("root",)),
        ("Bob <bob@example.com>, root", ("bob@example.com", "root")),
        ('"Doe, Bob" <bob@example.com>', ("bob@example.com",)),
        ("a@example.com\r", ("a@example.com",)),
        ('"a@example.com"  # us', ("a@example.com",)),
        (" , ", ()),
    ],
)
def test_several_recipients_have_commas_between_them(recipients, expected):
    assert addresses(recipients)[: len(expected) or 1] == expected


@pytest.mark.parametrize("address", ["a@b> SIZE=1", "a b@c", "a@b\r\nDATA", "ä@b", "", "<a@b>", 'a"@b'])
def test_what_would_be_more_than_an_address_is_none(address):
    assert not is_mailbox(address)


anything = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from('a@,<>"\r\n\t\0 :;=?()[]\\äß\udcff\u2028'), max_size=60),
    st.sampled_from(["x\r\nBcc: evil@example.com", "x\n\nbody", "=?utf-8?q?=0D=0ABcc:_evil?=", "a@b\rTo: c@d"]),
)


@given(anything, anything, anything, anything, st.booleans())
def test_whatever_is_configured_the_headers_are_ours_and_ascii(recipients, sender, servicename, comment, named):
    asked = alert(recipients, sender, servicename=servicename, comment=comment)
    text = compose(asked, US, named=named)
    head, body = text.split(b"\r\n\r\n", 1)
    assert head.isascii()
    lines = head.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    names = [line.partition(b":")[0] for line in lines if line[:1] not in (b" ", b"\t")]
    assert len(names) == len(set(names))
    ours = {b"From", b"To", b"Subject", b"Date", b"Message-ID"}
    assert set(names) - {b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding"} <= ours
    assert {b"Subject", b"Date", b"Message-ID"} <= set(names)
    assert body.count(b"\r\n") == body.count(b"\n") == body.count(b"\r")
    extra = 2 + bool(servicename) + bool(comment) if servicename or comment else 0
    assert body.count(b"\r\n") == 3 + extra


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=80))
def test_a_subject_can_be_read_back(servicename):
    text = compose(alert(servicename=servicename), US)
    raw = message_from_bytes(text)["Subject"]
    assert str(make_header(decode_header(raw))).split() == printable(f"[{servicename}] {MESSAGE}").split()


@given(anything)
def test_recipients_are_found_whatever_they_look_like(recipients):
    for address in addresses(recipients):
        assert address
        assert "\r" not in address
        assert "\n" not in address
