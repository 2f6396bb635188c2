"""The words for roles."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.cluster.role.words import UnclearRole, role_of
from ldirectord_py.model.cluster.role import Role


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("active\n", Role.ACTIVE),
        ("  Standby", Role.STANDBY),
        ("MASTER", Role.ACTIVE),
        ("BACKUP\n", Role.STANDBY),
        ("FAULT", Role.STANDBY),
        ("Promoted", Role.ACTIVE),
        ("Unpromoted", Role.STANDBY),
        ('INSTANCE "VI_1" MASTER 100', Role.ACTIVE),
        ('INSTANCE "VI 1" BACKUP 100\n', Role.STANDBY),
        ('INSTANCE "VI_1" STOP 100', Role.STANDBY),
        ('GROUP "directors" MASTER 0', Role.ACTIVE),
        ('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 200', Role.ACTIVE),
        ('INSTANCE "VI_1" MASTER_PRIORITY 100', Role.ACTIVE),
        ('INSTANCE "VI_1" BACKUP_PRIORITY 100', Role.STANDBY),
        ('INSTANCE "VI_1" DELETED 100', Role.STANDBY),
    ],
)
def test_the_words_of_those_who_write_them_are_understood(text: str, role: Role) -> None:
    assert role_of(text) is role


@pytest.mark.parametrize("text", ["", "\n", "yes", "active standby", 'INSTANCE "VI_1', "INSTANCE VI_1", "active" * 9])
def test_whatever_else_there_is_says_no_role(text: str) -> None:
    with pytest.raises(UnclearRole, match="expected active or standby, but got "):
        role_of(text)


@given(st.text())
def test_no_text_breaks_it_and_what_is_shown_is_short_and_printable(text: str) -> None:
    with suppress(UnclearRole):
        role_of(text)
        return
    with pytest.raises(UnclearRole) as raised:
        role_of(text)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500
