"""Configurations of several files, and values that stand elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from ldirectord_py.config.load import load, parse
from ldirectord_py.config.syntax import including
from ldirectord_py.config.syntax.sources import digest
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Severity
from tests.unit.config.original import TESTHOST


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "conf.d").mkdir()
    return tmp_path


def write(folder: Path, **files: str) -> Path:
    """Write files, whose names have _ for the dot and __ for the slash; return the first."""
    paths = [folder / name.replace("__", "/").replace("_", ".") for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return paths[0]


def loaded(path: Path, **variables: str) -> Config:
    return load(path, replace(TESTHOST, variable=variables.get))


def problems(path: Path, **variables: str) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        loaded(path, **variables)
    return [
        str(problem).replace(f"{path.parent}/", "")
        for problem in caught.value.problems
        if problem.severity is Severity.ERROR
    ]


def labels(config: Config) -> list[str]:
    return [virtual.key.label for virtual in config.virtuals]


def test_virtuals_of_included_files_come_behind_in_order(home):
    main = write(
        home,
        main_yaml="include: ['conf.d/*.yaml', more.cf]\nvirtuals: [{mark: 1}]\n",
        **{
            "conf.d__b_yaml": "virtuals: [{mark: 3}]\n",
            "conf.d__a_yaml": "include: ../c.yaml\nvirtuals: [{mark: 2}]\n",
        },
        c_yaml="virtuals: [{mark: 9}]",
        more_cf="virtual=4\n\tservice=none",
    )
    config = loaded(main)
    assert labels(config) == ["1", "2", "9", "3", "4"]
    assert [Path(source.path).name for source in config.sources.files] == [
        *("main.yaml", "a.yaml", "c.yaml", "b.yaml", "more.cf")
    ]
    assert config.sources.files[0].digest == digest(main.read_bytes())
    assert [pattern for pattern, _ in config.sources.patterns] == [
        *(f"{home}/conf.d/*.yaml", f"{home}/conf.d/../c.yaml", f"{home}/more.cf")
    ]


def test_a_cf_includes_too(home):
    main = write(
        home,
        main_cf='checkinterval=3\ninclude = conf.d/*\ninclude="other.yaml"\nvirtual=1\n\tservice=none\n',
        **{"conf.d__a_cf": "virtual=2\n\tscheduler=rr\n", "conf.d__b_yml": "virtuals: [{mark: 3}]"},
        other_yaml="virtuals: [{mark: 4}]",
    )
    config = loaded(main)
    assert labels(config) == ["1", "2", "3", "4"]
    assert config.virtuals[1].check_options.interval == 3


def test_defaults_are_for_the_files_included_too_unless_they_say_otherwise(home):
    main = write(
        home,
        main_yaml="defaults: {scheduler: rr, service: http}\ninclude: [a.yaml, b.cf]\n",
        a_yaml="defaults: {scheduler: wlc}\nvirtuals: [{mark: 1}]\n",
        b_cf="virtual=2\n\tservice=https\n",
    )
    config = loaded(main)
    assert [virtual.settings.scheduler for virtual in config.virtuals] == ["wlc", "rr"]
    assert [virtual.check_options.service for virtual in config.virtuals] == ["http", "https"]


def test_problems_have_the_file_and_line_where_they_are(home):
    main = write(
        home,
        main_yaml="include: conf.d/*\ndefaults:\n  ops: maybe\nvirtuals: [{mark: 5}]\n",
        **{"conf.d__a_cf": "\n\nvirtual=6\n\treal=1\n", "conf.d__b_cf": "virtual=7\n\n\nvirtual=5\n\tops=no\n\n"},
    )
    default, real, virtual = problems(main)
    assert default == "main.yaml:3: ops: must be yes or no, but got 'maybe'"
    assert real.startswith("conf.d/a.cf:4: real 1: add gate")
    sentence = "duplicate virtual server: fwm:5, opened at line 4, is there already, from line 4 of main.yaml on"
    assert virtual == f"conf.d/b.cf:6: {sentence}"


def test_lines_of_virtuals_and_reals_are_those_of_their_file(home):
    main = write(home, main_yaml="include: a.cf\n", a_cf="\nvirtual=6\n\treal=10.0.0.1 gate\n\treal=10.0.0.1 gate\n")
    config = loaded(main)
    assert (config.virtuals[0].line, config.virtuals[0].reals[0].line) == (2, 3)
    assert [str(each) for each in config.warnings] == [
        f"{home}/a.cf:4: warning: real: 10.0.0.1:0 is there already, from line 3"
    ]


def test_global_directives_belong_into_the_main_file(home):
    main = write(home, main_yaml="include: a.cf\n", a_cf="checkinterval=3\n")
    assert problems(main) == [
        "a.cf:1: checkinterval: a global directive belongs into main.yaml, not into a file that is included"
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"m_yaml": "include: m.yaml"}, "m.yaml:1: include: m.yaml would include itself"),
        ({"m_yaml": "include: a.cf", "a_cf": "\ninclude=m.yaml"}, "a.cf:2: include: m.yaml would include itself"),
        ({"m_yaml": "include: none.cf"}, "m.yaml:1: include: there is no file none.cf"),
        ({"m_yaml": "include: [a.cf, 'a.*']", "a_cf": ""}, "m.yaml:1: include: a.cf is included already, from line 1"),
        (
            {"m_yaml": "include: [a.cf, b.cf]", "a_cf": "include=c.cf", "b_cf": "include=c.cf", "c_cf": ""},
            "b.cf:1: include: c.cf is included already, from line 1 of a.cf",
        ),
        ({"m_yaml": "include: conf.d"}, "m.yaml:1: include: conf.d is a directory, not a file"),
        ({"m_yaml": "include: ''"}, "m.yaml:1: include: expected some text between the quotes, but got '\"\"'"),
        ({"m_yaml": "include: a.yaml", "a_yaml": "a: b: c"}, "a.yaml:1: this is not YAML: mapping values are not"),
        ({"m_yaml": "include: a.cf", "a_cf": "\n\0"}, "a.cf:2: this is no text file: it holds a NUL byte"),
    ],
)
def test_includes_that_cannot_be_are_refused(home, files, expected):
    main = write(home, **files)
    (problem,) = problems(main)
    assert problem.replace(f"{home}/", "").startswith(expected)


def test_a_pattern_may_match_nothing(home):
    assert loaded(write(home, m_yaml="include: conf.d/*.cf")).virtuals == ()


def test_a_file_that_may_not_be_read_is_told_where_it_is_asked_for(home):
    main = write(home, m_yaml="fork: yes\ninclude: a.cf", a_cf="")
    (home / "a.cf").unlink()
    (home / "a.cf").symlink_to("/proc/self/mem")
    assert problems(main)[0].startswith("m.yaml:2: include: a.cf ")


def test_includes_are_bounded(home, monkeypatch):
    chain = {f"f{number}_cf": f"include=f{number + 1}.cf\n" for number in range(15)}
    main = write(home, **chain, f15_cf="")
    assert problems(main) == ["f9.cf:1: include: more than 10 files include one another in a row"]
    monkeypatch.setattr(including, "MOST_FILES", 3)
    main = write(home, m_yaml="include: 'g*.cf'", g1_cf="", g2_cf="", g3_cf="", g4_cf="")
    assert problems(main) == ["m.yaml:1: include: g*.cf stands for more than 3 files"]


# Values that stand elsewhere

SECRET = "virtuals:\n- virtual: 192.0.2.1:80\n  login: me\n  passwd: {}\n"


def test_a_value_may_stand_in_the_environment_in_a_file_or_with_systemd(home):
    (home / "creds").mkdir()
    (home / "creds" / "db").write_text("c#redential\n")
    (home / "secret").write_text("fr\tom file\r\n")
    variables = {"PASS": 'from "env"', "CREDENTIALS_DIRECTORY": f"{home}/creds"}
    for reference, expected in [
        ("{env: PASS}", 'from "env"'),
        ("{file: secret}", "fr\tom file"),
        (f"{{file: {home}/secret}}", "fr\tom file"),
        ("{credential: db}", "c#redential"),
    ]:
        config = loaded(write(home, m_yaml=SECRET.format(reference)), **variables)
        assert config.virtuals[0].check_options.passwd == expected
        paths = [source.path for source in config.sources.files[1:]]
        assert paths == ([] if "env" in reference else [f"{home}/{'creds/db' if 'cred' in reference else 'secret'}"])


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("{env: NOT_SET}", "passwd: the environment has no variable NOT_SET"),
        ("{file: none}", "passwd: none: cannot be read: No such file or directory"),
        ("{file: conf.d}", "passwd: conf.d: is a directory, not a file"),
        ("{file: large}", "passwd: large: is larger than 64 KiB, which no value is"),
        ("{file: lines}", "passwd: expected one line of text, but got several"),
        ("{file: empty}", "passwd: invalid password: expected some text between the quotes"),
        ("{credential: db}", "passwd: the environment has no CREDENTIALS_DIRECTORY: systemd sets it where"),
        ("{env: A, file: b}", "passwd: expected a text, or one of {env: ...}, {file: ...}, {credential: ...}, but got"),
        (
            "{vault: x}",
            "passwd: expected a text, or one of {env: ...}, {file: ...}, {credential: ...}, but got a mapping",
        ),
        ("{env: [x]}", "env: expected a word or a text, but got a list"),
        ("{}", "passwd: expected a text, or one of {env: ...}, {file: ...}, {credential: ...}, but got a mapping"),
    ],
)
def test_what_is_missing_is_told_with_its_line_and_not_shown(home, reference, expected):
    (home / "large").write_text("hush" * 20_000)
    (home / "lines").write_text("hush\nhush\n")
    (home / "empty").write_text("\n")
    (problem,) = problems(write(home, m_yaml=SECRET.replace("{}", reference)))
    assert problem.startswith(f"m.yaml:4: {expected}")
    assert "hush" not in problem


def test_a_credential_is_a_name_and_no_path(home):
    (problem,) = problems(write(home, m_yaml=SECRET.replace("{}", "{credential: ../x}")), CREDENTIALS_DIRECTORY="/run")
    assert problem.startswith("m.yaml:4: passwd: expected the name of a credential, without a slash")


def test_values_from_elsewhere_are_shown_in_no_message(home):
    text = "virtuals:\n- virtual: 192.0.2.1:80\n  virtualhost: {env: HUSH}\n  load: {env: HUSH}\n"
    found = problems(write(home, m_yaml=text), HUSH='"')
    assert len(found) == 2
    assert not any("but got" in problem for problem in found)


@pytest.mark.parametrize(
    ("of_all", "of_one", "value"),
    [
        ("virtualhost: {env: A}", "weight: 1", "hush\x01hush"),
        ("receive: {env: A}", "weight: 1", "[hush"),
        ("receive: x", "receive: {env: A}", "[hush"),
        ("receive: x", "request: {env: A}", "http://[hush"),
    ],
)
def test_nor_in_what_a_check_cannot_make_of_them(home, of_all, of_one, value):
    text = (
        "virtuals:\n- virtual: 192.0.2.1:80\n  service: http\n"
        f"  {of_all}\n  reals: [{{address: 192.0.2.2, port: 80, forwarding: gate, {of_one}}}]\n"
    )
    (problem,) = problems(write(home, m_yaml=text), A=value)
    assert "***" in problem
    assert "hush" not in problem


def test_a_refused_configuration_names_its_sources_too(home):
    main = write(home, m_yaml="include: a.cf\nfork: x\n", a_cf="")
    with pytest.raises(ConfigRejected) as caught:
        loaded(main)
    assert [source.path for source in caught.value.sources.files] == [str(main), f"{home}/a.cf"]
    assert "digest" not in repr(caught.value.sources)


def test_a_pattern_that_would_search_a_whole_disk_is_refused_at_once():
    with pytest.raises(ConfigRejected) as caught:
        parse(b"include=/*/*/*/nothing\n", "main.cf", TESTHOST)
    told = "include: expected wildcards in at most 2 parts of a path, but got /*/*/*/nothing"
    assert [str(problem) for problem in caught.value.problems] == [f"main.cf:1: {told}"]


def test_a_pattern_that_stands_for_too_many_files_is_one_problem_and_none_is_read(home):
    main = write(home, main_cf="include=many/*\n")
    (main.parent / "many").mkdir()
    for number in range(including.MOST_FILES + 1):
        (main.parent / "many" / f"{number}.cf").touch()
    assert problems(main) == ["main.cf:1: include: many/* stands for more than 1000 files"]
