"""The steps that many runs share."""

import os
import signal

from tests.parity.support.scenario import START, Step
from tests.parity.support.stage import Stage, failing

start = Step(START, Stage.start, fresh=True)
stop = Step("stop", Stage.stop, running=False)
reload = Step("reload", Stage.reload, fresh=True)


def _trouble(stage: Stage) -> None:
    stage.farm.trouble()
    failing("sick")


def _fail(stage: Stage) -> None:
    stage.farm.fail()
    for name in ("sick", "sound"):
        failing(name)


def _recover(stage: Stage) -> None:
    stage.farm.recover()
    for name in ("sick", "sound"):
        failing(name, active=False)


def _one_back(stage: Stage) -> None:
    stage.farm.recover("sick")
    failing("sick", active=False)


trouble = Step("trouble", _trouble)
fail = Step("all fail", _fail)
one_back = Step("one is back", _one_back)
recover = Step("all are back", _recover)


def command(*words: str, running: bool, name: str = "", fresh: bool = False) -> Step:
    """Return a step that is a command line, in which CONFIG stands for the file's path."""

    def happen(stage: Stage) -> None:
        stage.write()
        stage.command(*words)

    return Step(name or " ".join(words) or "no words", happen, running=running, fresh=fresh, words=words)


def sighup(stage: Stage) -> None:
    """Write the configuration of this step and send SIGHUP."""
    stage.write()
    assert stage.director.pid is not None
    os.kill(stage.director.pid, signal.SIGHUP)
