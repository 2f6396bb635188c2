"""The command line of `ldirectorctl announce`."""

import pytest

from ldirectord_py.cli.ldirectorctl import main


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--sink", "bird", "--next-hop", "192.0.2.9"], "--next-hop is for ExaBGP: BIRD's configuration says which"),
        (["--bird-file", "/run/x"], "--bird-file and --bird-socket are for BIRD: add --sink bird"),
        (["--next-hop", "192.0.2.8", "--next-hop", "192.0.2.9"], "--next-hop takes one address of each family"),
        (["--json"], "--json is for --show"),
        (["--community", "7"], "argument --community: expected a community such as 65001:7"),
        (["--mark", "5=192.0.2.9"], "argument --mark: expected a firewall mark and its VIP, such as fwm:5=192.0.2.1"),
        (["--mark", "fwm:5=web"], "argument --mark: expected an address, but got web"),
        (["--hold", "soon"], "argument --hold: expected a length of time such as 90s"),
        (["--hold", "192.0.2.9=soon"], "argument --hold: expected a length of time such as 90s"),
        (["--hold", "web=9s"], "argument --hold: expected an address, but got web"),
        (["--policy", "2001:db8::1=most"], "argument --policy: expected any or all, but got most"),
        (["--only", "web"], "argument --only: expected an address, but got web"),
    ],
)
def test_what_means_nothing_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["announce", *words])
    except SystemExit as ended:  # argparse's
        status = int(str(ended.code))
    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert sentence in told.err
