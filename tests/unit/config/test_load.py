import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.tree import MOST_LINES
from ldirectord_py.config.load import load, parse
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from tests.unit.config.original import TESTHOST

NAMES = sorted({*rows(Scope.GLOBAL), *rows(Scope.SECTION), "virtual", "virtual6"})


def refusal(path: Path) -> str:
    with pytest.raises(ConfigRejected) as caught:
        load(path, TESTHOST)
    return str(caught.value)


def test_a_file_is_loaded(tmp_path):
    path = tmp_path / "ldirectord.cf"
    path.write_bytes(b"virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n")
    config = load(path, TESTHOST)
    assert config.path == str(path)
    assert [str(virtual.key) for virtual in config.virtuals] == ["tcp:192.0.2.1:80"]


def test_a_directory_is_refused(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path}: is a directory, not a file"


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(tmp_path / "none.cf") == f"{tmp_path / 'none.cf'}: cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_refused(tmp_path):
    path = tmp_path / "secret.cf"
    path.write_bytes(b"")
    path.chmod(0)
    assert refusal(path) == f"{path}: cannot be read: Permission denied"


def test_a_loop_of_links_is_refused(tmp_path):
    path = tmp_path / "loop.cf"
    path.symlink_to(path)
    assert refusal(path) == f"{path}: cannot be read: Too many levels of symbolic links"


def test_a_fifo_without_a_writer_is_refused_at_once(tmp_path):
    path = tmp_path / "fifo.cf"
    os.mkfifo(path)
    assert refusal(path) == f"{path}: is not a regular file"


def test_a_file_of_50_mb_is_refused_without_being_read(tmp_path):
    path = tmp_path / "big.cf"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    tracemalloc.start()
    try:
        assert refusal(path) == f"{path}: is larger than 16 MiB, which no configuration is"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 1024 * 1024  # no more is read than it takes to know that


def test_a_binary_file_is_refused_with_one_message(tmp_path):
    path = tmp_path / "binary.cf"
    path.write_bytes(b"\x7fELF\n\x02\x01\x01\x00\x00\n" * 100)
    assert refusal(path) == f"{path}:2: this is no text file: it holds a NUL byte"


def test_too_many_lines_are_refused_with_one_message():
    with pytest.raises(ConfigRejected) as caught:
        parse(b"x\n" * (MOST_LINES + 1), "x.cf", TESTHOST)
    assert str(caught.value) == f"x.cf: expected at most {MOST_LINES} lines, but got {MOST_LINES + 1}"


def test_of_thousands_of_problems_the_first_thousand_are_told():
    with pytest.raises(ConfigRejected) as caught:
        parse(b"bogus=1\n" * 5000, "x.cf", TESTHOST)
    assert len(caught.value.problems) == 1001
    assert str(caught.value.problems[-1]) == "x.cf: warning: 4000 more problems are not shown"


def seconds_of(virtuals: int) -> float:
    """Return what it takes of the processor to read so many virtuals of 100 servers each, the quietest of 3 times."""
    section = b'virtual=10.%d.0.1:80\n%s\trequest="index.html"\n\treceive="OK"\n\tscheduler=wlc\n\n'
    real = b"\treal=10.200.%d.%d:80 masq %d\n"
    text = b"".join(
        section % (virtual, b"".join(real % (number % 250, virtual, number % 9) for number in range(100)))
        for virtual in range(virtuals)
    )
    taken = []
    for _ in range(3):
        began = time.thread_time()
        config = parse(text, "x.cf", TESTHOST)
        taken.append(time.thread_time() - began)
        assert sum(len(virtual.reals) for virtual in config.virtuals) == 100 * virtuals
    return min(taken)


def test_of_five_times_as_many_real_servers_each_takes_no_longer_to_read():
    assert seconds_of(60) < 5 * 2.5 * seconds_of(12)


@pytest.mark.parametrize(
    "text",
    [
        b"virtual=192.0.2.1:80\n\treal=" + b' "x' * 300_000,
        b"virtual=192.0.2.1:80\n\treal=" + b"a->" * 300_000,
        b"virtual=192.0.2.1:80\n\treal=192.0.2.2 gate" + b" " * 1_000_000 + b"x",
        b"checktimeout=" + b"9" * 1_000_000,
        b"virtual=" + b"1" * 1_000_000,
        b"fallback=" + b"a:" * 500_000,
        b"emailalertstatus=" + b"," * 1_000_000 + b"x",
        b"a" * 1_000_000 + b"=1",
        b"virtual=192.0.2.1:80\n\treal=0.0.0.0->255.255.255.255:80 gate",
    ],
    ids=["quotes", "arrows", "blanks", "digits", "mark", "colons", "commas", "name", "range"],
)
def test_a_monstrous_line_is_refused_promptly(text):
    began = time.thread_time()
    with pytest.raises(ConfigRejected):
        parse(text, "x.cf", TESTHOST)
    assert time.thread_time() - began < 30  # it takes 0.1 s; what looks at each character again for each takes minutes


def check_problems(text: bytes) -> None:
    try:
        problems = parse(text, "x.cf", TESTHOST).warnings
    except ConfigRejected as rejected:
        problems = rejected.problems
        assert problems
    for problem in problems:
        assert 0 <= problem.line <= text.count(b"\n") + 1
        assert problem.text.isprintable()
        problem.text.encode("utf-8")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(text):
    check_problems(text)


PIECES = st.sampled_from(
    [
        *(
            "\t",
            "    ",
            "=",
            " = ",
            '"',
            "\n",
            "\n\t",
            "\n\n",
            "#",
            ":",
            "->",
            ",",
            "192.0.2.1",
            "[2001:db8::1]",
            ":80",
        ),
        *(" gate", " masq 3", ' "/a","b"', " l:1", " u:2", "yes", "no", "0", "-1", "1e400", "nan", "99999999999"),
        *(
            "\r",
            "\x0c",
            "\ufeff",
            "\udcff",
            "\u2028",
            "é",
            "none",
            "http",
            "ftp",
            "negotiate",
            "(",
            "domain",
            "localhost",
        ),
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=400)
@given(
    st.lists(
        st.one_of(PIECES, st.sampled_from(NAMES), st.sampled_from([f"\n\t{name}=" for name in NAMES])), max_size=40
    )
)
def test_no_mixture_of_words_raises_anything_but_a_refusal(pieces):
    check_problems("".join(pieces).encode("utf-8", "surrogateescape"))


@settings(max_examples=300)  # what is looked up first takes its time
@given(st.sampled_from(NAMES), st.text(max_size=30), st.booleans())
def test_no_value_raises_anything_but_a_refusal(name, value, in_section):
    opening = "virtual=192.0.2.1:80\n\t" if in_section else ""
    check_problems(f"{opening}{name}={value}\n".encode("utf-8", "surrogatepass"))


@given(st.text(alphabet='0123456789.>-:[]abcdef gatemsqip"/,lu', max_size=60))
def test_no_real_server_line_raises_anything_but_a_refusal(value):
    check_problems(f"virtual=192.0.2.1:80\n\treal={value}\n".encode())


def test_an_empty_file_is_a_configuration_without_virtuals():
    assert parse(b"", "x.cf", TESTHOST) == Config(path="x.cf")
