"""Words of a command line that stand for values."""

from argparse import ArgumentTypeError

import pytest

from ldirectord_py.cli.typed import whole


def test_a_whole_number_is_one_of_those_that_may_be() -> None:
    read = whole(0, 65535)
    assert [read("0"), read("65535")] == [0, 65535]
    for word in ("-1", "65536", "1.5", "five", ""):
        with pytest.raises(ArgumentTypeError, match=f"expected a whole number from 0 to 65,535, but got '{word}'"):
            read(word)
