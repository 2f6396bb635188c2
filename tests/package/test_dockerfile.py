"""The Dockerfile's commands, stage by stage, in a virtual environment each: there is no engine where tests run."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.patience import BUILDING

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.long
INSTALLS = re.compile(r"\bpip\b")


class Stage:
    """An image in the making: a folder for its file system, and an environment for its Python."""

    def __init__(self, folder: Path, name: str) -> None:
        self.root = folder / name
        self.root.mkdir()
        self.workdir = "/"
        self._bin = folder / f"{name}-environment" / "bin"
        subprocess.run([sys.executable, "-m", "venv", self._bin.parent], check=True)

    def at(self, place: str) -> Path:
        """Return where *place* of the image is."""
        return self.root / (self.workdir + "/" + place if not place.startswith("/") else place).lstrip("/")

    def copy(self, source: Path, place: str) -> None:
        """Do what `COPY` does with one source."""
        target = self.at(place)
        if place.endswith("/"):
            target /= source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)

    def run(self, command: str) -> str:
        """Do what `RUN` does, with the image's absolute places in the folder."""
        command = re.sub(r"(?<=\s)/(?=[a-z])", f"{self.root}/", command)
        words = ["sh", "-c", f"PATH={shlex.quote(str(self._bin))}:$PATH; {command}"]
        done = subprocess.run(
            words, cwd=self.at("."), capture_output=True, text=True, check=False, timeout=BUILDING / 2
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


def instructions() -> list[tuple[str, str]]:
    """Return what the Dockerfile says, as word and rest, lines that go on joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def built(folder: Path, arguments: dict[str, str]) -> Stage:
    """Carry out what puts software into the image, and return its last stage."""
    stages: dict[str, Stage] = {}
    for word, text in instructions():
        rest = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], text)
        match word, rest.split():
            case "FROM", [_, *named]:
                stages[named[-1] if named else "last"] = stage = Stage(folder, named[-1] if named else "last")
            case "WORKDIR", [place]:
                stage.workdir = place
                stage.at(".").mkdir(parents=True, exist_ok=True)
            case "ARG", [default]:
                name, _, value = default.partition("=")
                arguments.setdefault(name, value)
            case "COPY", [*sources, place] if sources[0].startswith("--from="):
                stage.copy(stages[sources[0].removeprefix("--from=")].at(sources[1]), place)
            case "COPY", [*sources, place]:
                for source in sources:
                    stage.copy(ROOT / source, place)
            case "RUN", _ if INSTALLS.search(rest):
                stage.run(rest)
            case _:
                pass
    return stage


@pytest.mark.timeout(BUILDING)
def test_what_the_image_installs_is_locked_and_runs(tmp_path: Path) -> None:
    image = built(tmp_path, {})

    assert "Linux Director" in image.run("ldirectord -v")
    assert image.run("pip list --format freeze | grep -i -c -e asyncpg -e aiomysql -e ruff || true") == "0\n"
