"""The file of tokens, and groups."""

import grp
import hashlib
from pathlib import Path

import pytest

from ldirectord_py.api.access import LARGEST, read_access, read_tokens
from ldirectord_py.model.config import ApiSettings
from ldirectord_py.model.errors import DirectorError

HASH = hashlib.sha256(b"secret").hexdigest()


def test_each_line_names_a_holder_and_a_right(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# who may\n\nops  write sha256:{HASH}\neye read sha256:{HASH.upper()}  # the screen\n")
    ops, eye = read_tokens(str(path))
    assert (ops.name, ops.may_write, ops.digest) == ("ops", True, hashlib.sha256(b"secret").digest())
    assert (eye.name, eye.may_write, eye.digest) == ("eye", False, ops.digest)
    assert HASH not in repr(ops)


@pytest.mark.parametrize(
    "line",
    ["ops", f"ops both sha256:{HASH}", "ops write secret", f"ops write sha256:{HASH[1:]}", f"a b write sha256:{HASH}"],
)
def test_a_line_that_is_none_is_told_without_what_it_says(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ops write sha256:{HASH}\n{line}\n")
    with pytest.raises(DirectorError) as caught:
        read_tokens(str(path))
    assert str(caught.value) == f"{path}:2: expected NAME read|write sha256:HASH"


def test_what_is_no_such_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DirectorError, match="is no regular file"):
        read_tokens("/dev/zero")
    with pytest.raises(DirectorError, match="cannot be read: No such file"):
        read_tokens(str(tmp_path / "nothing"))
    (tmp_path / "large").write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(DirectorError, match="is larger than"):
        read_tokens(str(tmp_path / "large"))


def test_what_cannot_be_let_in_is_a_complaint_and_the_others_are(tmp_path: Path) -> None:
    group = grp.getgrall()[0]
    settings = ApiSettings(tokens=str(tmp_path / "no"), group=group.gr_name, readgroup="nosuchgroup", hosts=("lb1",))
    access, complaints = read_access(settings)
    assert (access.tokens, access.writers, access.readers, access.hosts) == ((), group.gr_gid, None, ("lb1",))
    unread = f"apitokens: {tmp_path}/no cannot be read: No such file or directory"
    assert complaints == (
        f"{unread} (until the next reload nobody has a token)",
        'apireadgroup: this machine has no group "nosuchgroup", so nobody is let in by it',
    )
