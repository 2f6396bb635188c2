"""The classic scene, as an operator would live through it."""

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Self

import pytest

from tests.lab.support.classic import INTERVAL, VIRTUAL, Classic
from tests.lab.support.client import Client
from tests.lab.support.director import Director
from tests.lab.support.scene import Scene
from tests.lab.support.waiting import wait_until

SLACK = 1.5  # a guest is slow, and so may be the machine under it


@pytest.fixture
def classic(scene: Scene) -> Classic:
    return Classic(scene)


@pytest.fixture
def client(scene: Scene) -> Client:
    return scene.client


@pytest.fixture
def director(classic: Classic) -> Director:
    """Return the director with all real servers in."""
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    return director


class Crowd:
    """Asks the virtual service again and again while the block runs."""

    def __init__(self, client: Client) -> None:
        self.served: Counter[str] = Counter()
        self._client, self._end, self._pool = client, Event(), ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._asking = self._pool.submit(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._asking.result()
        self._pool.shutdown()

    def _ask(self) -> None:
        while not self._end.wait(0.02):
            self.served[self._client.ask(VIRTUAL)] += 1


def test_the_client_is_served_by_all_real_servers_by_their_weights(
    classic: Classic, director: Director, client: Client
) -> None:
    assert director.table().virtuals[f"-t {VIRTUAL}"].options == "-s wlc"
    served = client.tally(VIRTUAL, 30)
    assert served.keys() == {"one", "two", "director"}
    assert served["one"] > served["two"] > served["director"]


def test_a_changed_page_takes_its_server_out_of_new_connections_until_it_recovers(
    classic: Classic, director: Director, client: Client
) -> None:
    with client.hold(VIRTUAL) as connection:
        server = classic.named(connection.ask())
        server.site.sick()
        assert director.wait_for_weights(classic.weights(3, 2, 1) | {server.at: 0}) < INTERVAL + SLACK
        before = server.site.visits()
        assert client.tally(VIRTUAL, 12).keys() == {"one", "two", "director"} - {server.site.name}
        assert server.site.visits() == before
        assert connection.ask() == server.site.name
    server.site.alive()
    assert director.wait_for_weights(classic.weights(3, 2, 1)) < INTERVAL + SLACK
    assert server.site.name in client.tally(VIRTUAL, 12)


def test_a_server_that_refuses_connections_is_out_until_it_listens_again(
    classic: Classic, director: Director, client: Client
) -> None:
    classic.scene.web.refuse(classic.two.site)
    director.wait_for_weights(classic.weights(3, 0, 1))
    assert client.tally(VIRTUAL, 12).keys() == {"one", "director"}
    classic.scene.web.serve(classic.two.site, classic.two.host.listen())
    director.wait_for_weights(classic.weights(3, 2, 1))


def test_when_all_die_the_fallback_serves_until_one_is_back(
    classic: Classic, director: Director, client: Client
) -> None:
    for real in classic.reals:
        real.site.sick()
    director.wait_for_weights(classic.weights(0, 0, 0) | {classic.sorry.at: 1})
    assert client.tally(VIRTUAL, 6) == {"sorry": 6}
    classic.two.site.alive()
    director.wait_for_weights(classic.weights(0, 2, 0))
    assert client.tally(VIRTUAL, 6) == {"two": 6}


def test_sighup_takes_up_a_changed_file_and_leaves_connections_alone(
    classic: Classic, director: Director, client: Client
) -> None:
    three = classic.scene.real("three")
    with client.hold(VIRTUAL) as connection:
        server = classic.named(connection.ask())
        gone = next(real for real in classic.reals if real is not server)
        rest = {real: 5 for real in classic.reals if real is not gone} | {three: 4}
        director.reload(classic.config(rest))
        director.wait_for_weights({real.at: weight for real, weight in rest.items()})
        assert connection.ask() == server.site.name
    assert client.tally(VIRTUAL, 20).keys() == {real.site.name for real in rest}


def test_a_refused_reload_changes_nothing(classic: Classic, director: Director) -> None:
    with director.watching() as watch:
        director.reload(classic.config() + "\tno such directive\n")
        classic.checked_again()
    assert len(watch.states) == 1
    classic.two.site.sick()
    director.wait_for_weights(classic.weights(3, 0, 1))


def test_a_table_that_a_stranger_emptied_is_repaired(classic: Classic, director: Director, client: Client) -> None:
    director.host.run("ipvsadm -C")
    director.wait_for_weights(classic.weights(3, 2, 1))
    assert client.tally(VIRTUAL, 12).keys() == {"one", "two", "director"}


def test_sigterm_takes_everything_out_and_ends(director: Director) -> None:
    director.host.run("ipvsadm -A -t 10.9.0.100:25 -s rr")
    pid = director.send(signal.SIGTERM)
    wait_until(lambda: not director.running, telling=lambda: director.log)
    assert director.pid is None, f"the pid file of {pid} is still there"
    assert list(director.table().virtuals) == ["-t 10.9.0.100:25"]


def test_kill_and_restart_lose_no_connection_and_let_no_dead_server_in(
    classic: Classic, director: Director, client: Client
) -> None:
    classic.two.site.sick()
    director.wait_for_weights(classic.weights(3, 0, 1))
    visits = classic.two.site.visits()
    with client.hold(VIRTUAL) as connection, Crowd(client) as crowd, director.watching() as watch:
        server = connection.ask()
        director.kill()
        assert director.weights() == classic.weights(3, 0, 1)
        director.start()
        classic.checked_again()
        assert connection.ask() == server
    assert crowd.served.total() > 20
    assert crowd.served.keys() <= {"one", "director"}
    assert classic.two.site.visits() == visits
    assert (watch.weights(classic.one.at), watch.weights(classic.two.at)) == ([3], [0])
