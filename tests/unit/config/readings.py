"""What a text is read as, and what is said of it."""

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Severity
from tests.unit.config.original import TESTHOST

SECTION = "virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n"


def config_of(text: str) -> Config:
    return parse(text.encode("utf-8", "surrogateescape"), "ldirectord.cf", TESTHOST)


def only_virtual(text: str) -> Virtual:
    (virtual,) = config_of(text).virtuals
    return virtual


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        parse(text.encode("utf-8", "surrogateescape"), "ldirectord.cf", TESTHOST)
    return [str(problem) for problem in caught.value.problems if problem.severity is Severity.ERROR]


def warnings(text: str) -> list[str]:
    return [str(problem) for problem in config_of(text).warnings]
