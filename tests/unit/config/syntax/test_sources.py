"""Which files a configuration was made of, and what they have in common with those of another director."""

from pathlib import Path

from ldirectord_py.config.load import load

VIRTUAL = "virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n\tchecktype=connect\n"
YAML = """virtuals:
  - virtual: 192.0.2.1:3306
    service: mysql
    login: monitor
    passwd: {file: password}
    request: SELECT 1
    database: shop
    reals: [192.0.2.2:3306 gate]
"""


def fingerprint(path: Path, text: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return load(path).sources.fingerprint


def test_a_fingerprint_is_that_of_the_text_wherever_it_lies(tmp_path: Path) -> None:
    one = fingerprint(tmp_path / "one" / "web.cf", VIRTUAL)
    assert len(one) == 16
    assert fingerprint(tmp_path / "two" / "other.cf", VIRTUAL) == one
    assert fingerprint(tmp_path / "two" / "other.cf", f"checkinterval=5\n{VIRTUAL}") != one


def test_files_that_are_taken_in_count(tmp_path: Path) -> None:
    (tmp_path / "more.cf").write_text(VIRTUAL)
    before = fingerprint(tmp_path / "web.cf", "include=more.cf\n")
    (tmp_path / "more.cf").write_text(VIRTUAL.replace("gate", "masq"))
    assert fingerprint(tmp_path / "web.cf", "include=more.cf\n") != before


def test_a_password_in_a_file_of_its_own_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("one")
    before = fingerprint(tmp_path / "shop.yaml", YAML)
    (tmp_path / "password").write_text("two")
    assert fingerprint(tmp_path / "shop.yaml", YAML) == before
