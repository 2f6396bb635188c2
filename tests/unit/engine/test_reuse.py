"""What a new configuration takes over from the one in force: the objects, but never what they say."""

from hypothesis import given

from ldirectord_py.config.load import parse
from ldirectord_py.engine.reuse import reusing
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Config
from tests.unit.config.original import TESTHOST
from tests.unit.engine.test_forecast import ASKED, configs


def parsed(weight: int) -> Config:
    """Return two servers, of which the weight of one is given; nothing in it is shared with another call's."""

    text = f"virtual=10.0.0.1:80\n\treal=10.0.0.5:80 masq {weight}\n\treal=10.0.0.6:80 masq\n\tservice=http\n"
    return parse(text.encode(), "x.cf", TESTHOST)


@given(before=configs(ASKED, Always()), after=configs(ASKED, Always()))
def test_it_says_what_the_new_configuration_says(before: Config, after: Config) -> None:
    made = reusing(before, after)
    assert made == after
    assert [virtual.keys for virtual in made.virtuals] == [virtual.keys for virtual in after.virtuals]


def test_what_is_equal_is_the_same_object() -> None:
    (old,), (new,) = parsed(1).virtuals, parsed(2).virtuals
    assert new.reals[1] == old.reals[1]
    before, after = Config(path="x.cf", virtuals=(old,)), Config(path="x.cf", virtuals=(new,))
    (made,) = reusing(before, after).virtuals

    assert made == new
    assert all(one is other for one, other in zip(made.keys, old.keys, strict=True))
    assert made.key is old.key
    assert made.reals[1] is old.reals[1]
    assert made.reals[0].plan is old.reals[0].plan
    assert made.reals[0].destination.weight == 2
