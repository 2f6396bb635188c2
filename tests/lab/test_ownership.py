"""Two instances with a virtual service in common: the second is refused, and told who has it."""

import pytest

from tests.lab.support.classic import VIRTUAL, Classic
from tests.lab.support.director import OURS
from tests.lab.support.scene import Scene


@pytest.fixture
def classic(scene: Scene) -> Classic:
    return Classic(scene)


def test_the_second_instance_is_refused_at_start_and_at_reload_and_names_the_first(classic: Classic) -> None:
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    sentence = (
        f"tcp:{VIRTUAL} is kept by another ldirectord, pid {director.pid} (instance lab.cf):"
        " take it out of one of the two configurations"
    )
    second = director.folder / "second.cf"

    def act(config: str, action: str) -> tuple[int, str]:
        second.write_text(config)
        return director.run([*OURS.words, str(second), action], **OURS.environment)

    status, text = act(classic.config(), "start")
    assert status == 2
    assert f"{second}: {sentence}" in text

    other = classic.config().replace(VIRTUAL, "10.9.0.100:8080")
    assert act(other, "start")[0] == 0
    status, text = act(
        other + classic.config().partition("virtual=")[1] + classic.config().partition("virtual=")[2], "reload"
    )
    assert (status, sentence in text) == (2, True)

    # what the first lets go of the second may have
    director.write(classic.config().replace(VIRTUAL, "10.9.0.100:9090"))
    director.run([*OURS.words, "--force", str(director.file), "reload"], **OURS.environment)
    assert act(classic.config(), "status")[0] == 0
    status, text = director.run([*OURS.words, "--force", str(second), "reload"], **OURS.environment)
    assert (status, text) == (0, "")
    assert act(classic.config(), "stop")[0] == 0
