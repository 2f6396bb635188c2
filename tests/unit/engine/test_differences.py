"""What two configurations differ in, and when that is too much."""

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.engine.differences import differences, services_in_force, too_much
from ldirectord_py.model.config import Config


def config(*ports: int, limit: int = 50, weight: int = 1, above: str = "") -> Config:
    virtuals = "".join(
        f"virtual=192.0.2.1:{port}\n\treal=192.0.2.2:{port} masq {weight}\n\tchecktype=on\n" for port in ports
    )
    return parse(f"reloadlimit={limit}\n{above}{virtuals}".encode(), "web.cf")


def refusal(before: Config, after: Config, action: str = "reload") -> str | None:
    return too_much(services_in_force(before), after, before.reloadlimit, action)


def test_virtuals_come_go_and_change_and_lines_do_not_count() -> None:
    found = differences(config(80, 443), config(443, 25, above="# a remark\n"))
    assert [*map(str, found.added)] == ["tcp:192.0.2.1:25"]
    assert [*map(str, found.removed)] == ["tcp:192.0.2.1:80"]
    assert found.changed == ()
    assert [*map(str, differences(config(80), config(80, weight=2)).changed)] == ["tcp:192.0.2.1:80"]


@pytest.mark.parametrize(
    ("before", "after", "limit", "refused"),
    [
        ((1, 2, 3, 4), (1, 2), 50, False),
        ((1, 2, 3, 4), (1,), 50, True),
        ((1, 2, 3, 4), (1, 2, 3), 0, True),
        ((1, 2, 3, 4), (1, 2, 3, 4, 5), 0, False),
        ((1, 2, 3, 4), (), 99, True),
        ((1, 2, 3, 4), (), 100, False),
        ((1,), (2,), 50, True),
        ((1, 2), (3, 4, 5), 50, True),
        ((), (), 50, False),
        ((), (1,), 50, False),
    ],
)
def test_more_than_the_limit_of_the_one_in_force_is_too_much(
    before: tuple[int, ...], after: tuple[int, ...], limit: int, refused: bool
) -> None:
    assert (refusal(config(*before, limit=limit), config(*after, limit=100)) is not None) is refused


def test_the_sentence_names_what_would_go() -> None:
    assert refusal(config(*range(1, 8)), config()) == (
        "a reload would take away all 7 virtual services (tcp:192.0.2.1:1, tcp:192.0.2.1:2, tcp:192.0.2.1:3,"
        " tcp:192.0.2.1:4, tcp:192.0.2.1:5, ...), and reloadlimit is 50 percent"
    )

    for action in ("reload", "restart"):
        assert refusal(config(1), config(), action) == (
            f"a {action} would take away the only virtual service (tcp:192.0.2.1:1), and reloadlimit is 50 percent"
        )


def test_services_that_lose_all_their_servers_are_as_good_as_gone() -> None:
    bare = "virtual=192.0.2.1:1\n\tscheduler=rr\n"
    assert refusal(config(1), parse(bare.encode(), "web.cf")) == (
        "a reload would leave nobody to serve the only virtual service (tcp:192.0.2.1:1), and reloadlimit is 50 percent"
    )
    assert refusal(config(1, 2, 3), config(2, 3, above=bare)) is None
    assert refusal(config(1, 2, 3), config(2, above=bare)) is not None, "one is gone, and one has no servers"
    assert refusal(config(above=bare), config(above=bare)) is None
    assert refusal(config(1), config(above=f"{bare}\tfallback=127.0.0.1:80\n")) is None
    assert refusal(config(1, limit=100), config(above=bare)) is None
    drained = config(1, weight=0)
    assert refusal(config(1), drained) == refusal(config(1), config(above=bare))
    assert refusal(drained, config(above=bare)) is None, "nobody was served before"
    idle = f"{bare}\treal=192.0.2.2:1 masq 0\n\tfallback=127.0.0.1:80\n"
    assert refusal(config(1), config(above=idle)) is not None, "a server of weight 0 counts as serving"


def test_services_without_the_vips_that_they_had_are_out_of_reach() -> None:
    before = config(1, 2, above="vips=yes\n")
    assert refusal(before, config(1, 2)) == (
        "a reload would take the VIP from all 2 virtual services (tcp:192.0.2.1:1, tcp:192.0.2.1:2) that had one,"
        " and reloadlimit is 50 percent"
    )
    assert refusal(before, config(1, 2, above="vips=eth0\n")) is None
    assert refusal(config(1, 2), before) is None
    assert refusal(config(1, 2, above="vips=yes\n", limit=100), config(1, 2)) is None
