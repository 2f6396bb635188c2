"""What is read of /proc."""

from pathlib import Path

from ldirectord_py.cluster.doctor.surveying import packet_filters


def test_packet_filters_are_told_by_their_tables(tmp_path: Path) -> None:
    assert packet_filters(tmp_path) == []
    (tmp_path / "net").mkdir()
    (tmp_path / "net/ip_tables_names").write_text("nat\nfilter\n")
    (tmp_path / "net/ip6_tables_names").write_text("")
    (tmp_path / "modules").write_text("nf_tables 1 0 - Live 0x0\nnf_conntrack 2 1 - Live 0x0\n")
    assert packet_filters(tmp_path) == ["iptables with nat, filter", "nftables"]
    (tmp_path / "modules").write_text("nf_tables 1 0 - Live 0x0\n")
    assert packet_filters(tmp_path) == ["iptables with nat, filter"]
